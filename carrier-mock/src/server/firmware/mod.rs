//! Servers of firmware: HTTP/1.1 over streams, CoAP with Block2 over datagrams. Both serve one image under one path and
//! do as the specifications say, unless a fault tells them otherwise.

mod coap;
mod coap_answer;
mod coap_fault;
mod http;
mod http_answer;
mod http_fault;
mod http_request;
mod image;

pub use coap::{CoapFileServer, CoapFileStatistics};
pub use coap_fault::{CoapFault, MAX_COAP_FAULTS};
pub use http::{HttpRecord, HttpServer, HttpStatistics, MAX_CLIENTS, MAX_HTTP_RECORDS};
pub use http_fault::{HttpFault, MAX_HTTP_FAULTS};
pub use http_request::MAX_REQUEST_HEAD;
pub use image::{Image, Release, When};
