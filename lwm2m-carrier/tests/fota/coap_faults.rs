//! What CoAP servers do otherwise than they should, and what becomes of the download.
