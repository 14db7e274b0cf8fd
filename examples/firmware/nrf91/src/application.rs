//! What the application does about events: it logs them.

use lwm2m_carrier::hal::KeyStore;
use lwm2m_carrier::{Event, EventHandler, Response};

/// The application.
#[derive(Debug)]
pub(crate) struct Application;

impl EventHandler for Application {
    async fn handle<K: KeyStore>(&mut self, event: &Event, _keys: &mut K) -> Response {
        defmt::info!("{=str} {}", event.chart_name(), event);
        Response::Done
    }
}
