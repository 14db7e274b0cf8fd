//! What the servers write down, and what the operator has them do.

use carrier_mock::server::firmware::{CoapFileServer, HttpServer, Image, Release};
use carrier_mock::server::{Credentials, Record, RecordKind, Request};
use lwm2m_core::wire::coap::Code;

use super::life::Life;
use super::operator::{Operator, Wish};
use super::stage::{BLOCKS_CREDENTIALS, ENDPOINT};
use super::update::Update;

impl<'p> Life<'_, '_, 'p> {
    /// Takes what the servers have written down, and does what the operator wants.
    pub(super) fn drain(&self) {
        let stage = &self.stage;
        loop {
            let record = stage.server.borrow_mut().take_record();
            let Some(record) = record else { break };
            stage.watch.tell(record.at(), || {
                format!(
                    "   server: {:?} {} {:?}",
                    record.kind(),
                    record.request().map_or("", |r| r.path()),
                    record.code()
                )
            });
            self.note(&record);
            let ordered = !stage.plan.reorders;
            self.operator.borrow_mut().take(&record, ordered);
        }
        loop {
            let record = stage.bootstrap.borrow_mut().take_record();
            let Some(record) = record else { break };
            self.note(&record);
            stage.watch.tell(record.at(), || {
                format!(
                    "   bootstrap: {:?} {} {:?}",
                    record.kind(),
                    record.request().map_or("", |r| r.path()),
                    record.code()
                )
            });
        }
        self.fulfil();
    }

    /// A server has refused a request of the device, or left it without an answer, as it was told to; but for an Update of
    /// a registration that it does not know.
    fn note(&self, record: &Record<'_>) {
        let unknown = record.code() == Code::NOT_FOUND;
        if matches!(record.kind(), RecordKind::Refused if !unknown)
            || record.kind() == RecordKind::Ignored
        {
            self.meter.borrow_mut().spoiled();
        }
    }

    /// Does what the operator wants.
    pub(super) fn fulfil(&self) {
        let stage = &self.stage;
        loop {
            let wish = self.operator.borrow_mut().take_wish();
            let Some(wish) = wish else { break };
            match wish {
                Wish::Send(request) => {
                    if !self.ask(request) {
                        self.operator.borrow_mut().refused();
                    }
                }
                Wish::Offer(update, first) => self.offer(update, first),
                Wish::Check(update) => {
                    // Without power, nobody can look.
                    if stage.world.is_running() && !stage.world.firmware().holds(&update.image) {
                        let what = "the slot does not hold the image that the device speaks of";
                        stage.watch.complain(self.now(), what);
                    }
                }
                Wish::Complain(what) => stage.watch.complain(self.now(), what),
            }
        }
    }

    pub(super) fn ask(&self, request: Request<'p>) -> bool {
        let sent = self.stage.server.borrow_mut().request(ENDPOINT, request);
        self.stage
            .watch
            .tell(self.now(), || format!("** ask {}: {sent}", request.path()));
        sent
    }

    /// The servers have a new package.
    fn offer(&self, update: &'p Update, first: bool) {
        let stage = &self.stage;
        stage
            .watch
            .tell(self.now(), || format!("** offer, faults: {first}"));
        let firmware = stage.world.firmware();
        firmware.set_applied(update.applied);
        firmware.set_installed(Operator::installed(update, first));
        let image = Image::new(&update.image);
        let mut http = HttpServer::new("/fw", Release::new(image, "\"v1\""));
        let seed = stage.plan.seed ^ self.now().as_millis();
        for blocks in [stage.blocks, stage.secure_blocks] {
            let release = Release::new(image, "v1");
            let mut server = CoapFileServer::new(seed, "/fw", release)
                .with_credentials(Credentials::new(BLOCKS_CREDENTIALS));
            for fault in update.coap_faults.iter().filter(|_| first) {
                server.add_fault(*fault);
            }
            *blocks.borrow_mut() = server;
        }
        for fault in update.http_faults.iter().filter(|_| first) {
            http.add_fault(*fault);
        }
        *stage.http.borrow_mut() = http;
        self.settle();
    }
}
