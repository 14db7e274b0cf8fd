use core::future::Future;
use core::task::Poll;

use carrier_nrf91::at::{AccessTechnology, At, AtError, Command};
use carrier_nrf91::{Edrx, LinkSettings, LteLink, NetworkClock, NetworkTime, PowerSaving};
use lwm2m_carrier::driver::blocking::block_on;
use lwm2m_carrier::hal::{Clock, DetachReason, Link, LinkErrorKind, LinkState};
use lwm2m_core::time::{Duration, Instant, UnixTime};

use crate::double::{Queue, Script, VirtualClock, is_pending, pending_once, run};

impl Script {
    /// A modem that has given up is switched off and on, and asked how it is registered.
    pub(crate) fn expect_renewal(&self, registration: &str) -> &Self {
        self.expect("AT+CFUN=4", "OK\n")
            .expect("AT+CFUN=1", "OK\n")
            .expect("AT+CEREG?", registration)
    }

    /// A modem that is on is asked how it is registered.
    pub(crate) fn expect_question(&self, registration: &str) -> &Self {
        self.expect("AT+CFUN?", "+CFUN: 1\nOK\n")
            .expect("AT+CEREG?", registration)
    }
}

#[derive(Default)]
pub(crate) struct World {
    pub(crate) script: Script,
    pub(crate) queue: Queue,
    pub(crate) clock: VirtualClock,
    pub(crate) time: NetworkTime,
}

pub(crate) type TestLink<'t> = LteLink<'t, Script, Queue, VirtualClock>;

impl World {
    pub(crate) fn link(&self, settings: LinkSettings) -> TestLink<'_> {
        LteLink::new(
            self.script.clone(),
            self.queue.clone(),
            self.clock.clone(),
            &self.time,
            Box::leak(Box::new(settings)),
        )
    }

    pub(crate) fn expect_start(&self, registration: &str) -> &Script {
        self.script
            .expect("AT+CEREG?", registration)
            .expect("AT%MDMEV=1", "OK\n")
            .expect("AT+CGEREP=1", "OK\n")
            .expect("AT%XTIME=1", "OK\n")
    }

    /// A link that is up, at this level of `+CEREG`.
    pub(crate) fn up(&self) -> TestLink<'_> {
        let registered = "+CEREG: 3,1,\"002F\",\"0012BEEF\",7\nOK\n";
        self.expect_start(registered)
            .expect("AT+CFUN?", "+CFUN: 1\nOK\n")
            .expect("AT+CEREG?", registered)
            .expect("AT+CCLK?", "ERROR\n");
        let mut link = self.link(LinkSettings::default());
        run(link.up()).unwrap();
        assert!(self.script.is_done());
        self.clock.stop();
        link
    }

    /// What `changed()` tells, if anything.
    pub(crate) fn told(link: &mut TestLink<'_>) -> Option<LinkState> {
        let mut changed = core::pin::pin!(link.changed());
        let mut context = core::task::Context::from_waker(core::task::Waker::noop());
        match changed.as_mut().poll(&mut context) {
            Poll::Ready(state) => Some(state),
            Poll::Pending => None,
        }
    }
}

#[test]
fn attach_waits_for_the_registration() {
    let world = World::default();
    world
        .script
        .expect("AT+CEREG?", "+CEREG: 0,0\nOK\n")
        .expect("AT+CEREG=5", "OK\n")
        .expect("AT%MDMEV=1", "ERROR\n")
        .expect("AT+CGEREP=1", "OK\n")
        .expect("AT%XTIME=1", "OK\n")
        .expect("AT+CFUN?", "+CFUN: 4\nOK\n")
        .expect("AT+CPSMS=1,,,\"00111000\",\"00011110\"", "OK\n")
        .expect("AT+CEDRXS=2,4,\"0101\"", "OK\n")
        .expect("AT+CFUN=1", "OK\n")
        .expect("AT+CEREG?", "+CEREG: 2\n+CEREG: 5,2\nOK\n")
        .expect("AT+CEREG?", "+CEREG: 5,2,\"0901\",\"020A7716\",7\nOK\n")
        .expect(
            "AT+CEREG?",
            "+CEREG: 5,5,\"0901\",\"020A7716\",7,,,\"11100000\",\"11100000\"\nOK\n",
        )
        .expect("AT+CCLK?", "+CCLK: \"18/12/06,22:10:00+08\"\nOK\n");
    let mut settings = LinkSettings::default();
    settings.power_saving = Some(PowerSaving::On {
        periodic_update: Duration::from_secs(86_400),
        // 30 units of 2 seconds.
        active_time: Duration::from_secs(60),
    });
    settings.edrx = Some(Edrx::On {
        technology: AccessTechnology::LteM,
        cycle: Duration::from_millis(81_920),
    });
    let mut link = world.link(settings);
    assert_eq!(link.state(), LinkState::Down(DetachReason::Requested));
    run(link.up()).unwrap();
    assert!(world.script.is_done());
    assert_eq!(link.state(), LinkState::Up);
    assert_eq!(world.clock.secs(), 30, "asked again every 15 seconds");
    world.clock.pass(5);
    world.clock.stop();
    let clock = NetworkClock::new(world.clock.clone(), &world.time);
    assert_eq!(clock.unix_time(), Some(UnixTime::from_secs(1_544_127_005)));
    assert!(is_pending(link.changed()));
}

#[test]
fn power_saving_can_be_asked_off() {
    let world = World::default();
    world
        .expect_start("+CEREG: 5,0\nOK\n")
        .expect("AT+CFUN?", "+CFUN: 4\nOK\n")
        .expect("AT+CPSMS=0", "OK\n")
        .expect("AT+CEDRXS=0", "OK\n")
        .expect("AT+CFUN=1", "OK\n")
        .expect("AT+CEREG?", "+CEREG: 5,1\nOK\n")
        .expect("AT+CCLK?", "ERROR\n");
    let mut settings = LinkSettings::default();
    settings.power_saving = Some(PowerSaving::Off);
    settings.edrx = Some(Edrx::Off);
    run(world.link(settings).up()).unwrap();
    assert!(world.script.is_done());
}

#[test]
fn level_of_the_application_stays() {
    for level in 1..=5 {
        let world = World::default();
        let registered = format!("+CEREG: {level},1\nOK\n");
        world
            .expect_start(&registered)
            .expect("AT+CFUN?", "+CFUN: 1\nOK\n")
            .expect("AT+CEREG?", &registered)
            .expect("AT+CCLK?", "ERROR\n");
        run(world.link(LinkSettings::default()).up()).unwrap();
        assert!(world.script.is_done());
    }
}

#[test]
fn failed_attach_says_why() {
    for (registration, kind, cause) in [
        ("+CEREG: 5,90\nOK\n", LinkErrorKind::Sim, None),
        (
            "+CEREG: 5,3,\"002F\",\"0012BEEF\",7,0,15\nOK\n",
            LinkErrorKind::Rejected,
            Some(15),
        ),
        ("ERROR\n", LinkErrorKind::Modem, None),
        ("+CEREG: 5\n", LinkErrorKind::Modem, None),
    ] {
        let world = World::default();
        world
            .expect_start("+CEREG: 5,0\nOK\n")
            .expect("AT+CFUN?", "+CFUN: 4\nOK\n")
            .expect("AT+CFUN=1", "OK\n")
            .expect("AT+CEREG?", registration);
        let mut link = world.link(LinkSettings::default());
        assert_eq!(
            run(link.up()).map_err(|it| it.kind),
            Err(kind),
            "{registration}"
        );
        assert_eq!(link.reject_cause(), cause);
    }
}

#[test]
fn attach_ends_at_its_limit() {
    let world = World::default();
    let searching = "+CEREG: 5,2\nOK\n";
    world
        .expect_start(searching)
        .expect("AT+CFUN?", "+CFUN: 1\nOK\n");
    for _ in 0..=20 {
        world.script.expect("AT+CEREG?", searching);
    }
    let mut link = world.link(LinkSettings::default());
    assert_eq!(
        run(link.up()).map_err(|it| it.kind),
        Err(LinkErrorKind::NoService)
    );
    assert_eq!(world.clock.secs(), 300);
    assert!(world.script.is_done());
}

/// A clock whose waits end after a second, pending once, as `Clock::wait` allows.
struct HastyClock(VirtualClock);

impl Clock for HastyClock {
    fn now(&self) -> Instant {
        self.0.now()
    }

    async fn wait(&mut self, until: Instant) {
        pending_once().await;
        self.0
            .wait(until.min(self.now() + Duration::from_secs(1)))
            .await;
    }
}

#[test]
fn waits_that_end_early_ask_the_modem_no_more_often() {
    let world = World::default();
    let searching = "+CEREG: 5,2\nOK\n";
    world
        .expect_start(searching)
        .expect("AT+CFUN?", "+CFUN: 1\nOK\n");
    for _ in 0..=20 {
        world.script.expect("AT+CEREG?", searching);
    }
    let mut link = LteLink::new(
        world.script.clone(),
        world.queue.clone(),
        HastyClock(world.clock.clone()),
        &world.time,
        const { &LinkSettings::new() },
    );
    let result = block_on(link.up(), || ());
    assert_eq!(result.map_err(|it| it.kind), Err(LinkErrorKind::NoService));
    assert_eq!(world.clock.secs(), 300);
    assert!(world.script.is_done());
}

#[test]
fn losses_have_their_reason() {
    for (lines, reason) in [
        (
            &["+CEREG: 2,\"002F\",\"0012BEEF\",7"][..],
            DetachReason::NoService,
        ),
        (&["+CEREG: 4"], DetachReason::NoService),
        (&["+CEREG: 90"], DetachReason::Sim),
        (
            &["+CEREG: 3,\"002F\",\"0012BEEF\",7,0,8"],
            DetachReason::Sim,
        ),
        (
            &["+CEREG: 3,\"002F\",\"0012BEEF\",7,0,11"],
            DetachReason::Network,
        ),
        (&["+CEREG: 3"], DetachReason::Network),
        (&["+CGEV: NW DETACH", "+CEREG: 2"], DetachReason::Network),
        (&["+CGEV: NW PDN DEACT 0"], DetachReason::Network),
        (&["%MDMEV: ME OVERHEATED", "+CEREG: 0"], DetachReason::Modem),
        (&["%MDMEV: ME BATTERY LOW"], DetachReason::Modem),
        (&["+CGEV: ME BATTERY LOW", "+CEREG: 0"], DetachReason::Modem),
    ] {
        let world = World::default();
        let mut link = world.up();
        for line in lines {
            world.queue.push(line);
        }
        assert_eq!(run(link.changed()), LinkState::Down(reason), "{lines:?}");
        assert!(is_pending(link.changed()), "{lines:?}");
        world.queue.push("+CEREG: 5,\"0901\",\"020A7716\",7");
        assert_eq!(run(link.changed()), LinkState::Up, "{lines:?}");
    }
}

#[test]
fn what_does_not_matter_changes_nothing() {
    let world = World::default();
    let mut link = world.up();
    for line in [
        "+CEREG: 1,\"0030\",\"0012BEEE\",7",
        "%MDMEV: SEARCH STATUS 2",
        "+CGEV: NW PDN DEACT 1",
        "+CSCON: 1",
        "%XTIME: \"08\",\"81109251714208\",\"01\"",
    ] {
        world.queue.push(line);
    }
    // Longer than what is read: its end is missing.
    world
        .queue
        .push(&format!("+CEREG: 0,\"{}\"", "0".repeat(200)));
    assert!(is_pending(link.changed()));
    let clock = NetworkClock::new(world.clock.clone(), &world.time);
    assert_eq!(clock.unix_time(), Some(UnixTime::from_secs(1_517_239_044)));
}

#[test]
fn link_that_was_taken_down_stays_down() {
    let world = World::default();
    let mut link = world.up();
    world.script.expect("AT+CFUN=4", "OK\n");
    run(link.down()).unwrap();
    for line in ["+CEREG: 0", "+CEREG: 1", "+CGEV: ME PDN ACT 0"] {
        world.queue.push(line);
    }
    assert!(is_pending(link.changed()));
    assert_eq!(link.state(), LinkState::Down(DetachReason::Requested));
    world.script.expect("AT+CFUN=4", "ERROR\n");
    assert_eq!(
        run(link.down()).map_err(|it| it.kind),
        Err(LinkErrorKind::Modem)
    );
}

#[test]
fn reports_of_the_time_before_are_forgotten() {
    let world = World::default();
    world.queue.push("+CEREG: 0");
    world.queue.push("+CGEV: ME DETACH");
    let mut link = world.up();
    assert!(is_pending(link.changed()));
    assert_eq!(link.state(), LinkState::Up);
}

#[test]
fn a_modem_that_has_given_up_is_switched_off_before_it_is_tried_again() {
    // UICC failure; illegal UE, illegal ME, EPS services not allowed, EPS and other services not allowed; a level that does
    // not tell the cause.
    for failed in [
        "+CEREG: 5,90\nOK\n",
        "+CEREG: 5,3,\"002F\",\"0012BEEF\",7,0,3\nOK\n",
        "+CEREG: 5,3,\"002F\",\"0012BEEF\",7,0,6\nOK\n",
        "+CEREG: 5,3,\"002F\",\"0012BEEF\",7,0,7\nOK\n",
        "+CEREG: 5,3,\"002F\",\"0012BEEF\",7,0,8\nOK\n",
        "+CEREG: 2,3\nOK\n",
    ] {
        let world = World::default();
        world
            .expect_start("+CEREG: 5,0\nOK\n")
            .expect("AT+CFUN?", "+CFUN: 4\nOK\n")
            .expect("AT+CFUN=1", "OK\n")
            .expect("AT+CEREG?", failed);
        let mut link = world.link(LinkSettings::default());
        assert!(run(link.up()).is_err());
        world
            .expect_start(failed)
            .expect("AT+CFUN?", "+CFUN: 1\nOK\n")
            .expect_renewal("+CEREG: 5,1\nOK\n")
            .expect("AT+CCLK?", "ERROR\n");
        assert_eq!(run(link.up()), Ok(()), "{failed}");
        assert!(world.script.is_done(), "{failed}");
    }
}

#[test]
fn a_modem_that_tries_again_by_itself_is_left_on() {
    // No suitable cells in the tracking area.
    let denied = "+CEREG: 5,3,\"002F\",\"0012BEEF\",7,0,15\nOK\n";
    let world = World::default();
    for _ in 0..2 {
        world
            .expect_start(denied)
            .expect("AT+CFUN?", "+CFUN: 1\nOK\n")
            .expect("AT+CEREG?", denied);
    }
    let mut link = world.link(LinkSettings::default());
    assert!(run(link.up()).is_err());
    assert!(run(link.up()).is_err());
    assert!(world.script.is_done());
}

#[test]
fn a_lost_notification_is_made_up_for_by_asking() {
    let world = World::default();
    let mut link = world.up();
    world.clock.pass(3_599);
    assert_eq!(World::told(&mut link), None);
    // Once an hour while the link is up.
    world.clock.pass(1);
    world.script.expect("AT+CEREG?", "+CEREG: 3,1\nOK\n");
    assert_eq!(World::told(&mut link), None);
    assert_eq!(World::told(&mut link), None);
    assert!(world.script.is_done());
    world.clock.pass(3_600);
    world.script.expect("AT+CEREG?", "+CEREG: 3,2\nOK\n");
    let down = LinkState::Down(DetachReason::NoService);
    assert_eq!(World::told(&mut link), Some(down));
    // Every five minutes while it is lost.
    world.clock.pass(299);
    assert_eq!(World::told(&mut link), None);
    world.clock.pass(1);
    world.script.expect_question("ERROR\n");
    assert_eq!(World::told(&mut link), None);
    world.clock.pass(300);
    world.script.expect_question("+CEREG: 3,5\nOK\n");
    assert_eq!(World::told(&mut link), Some(LinkState::Up));
    assert!(world.script.is_done());
}

#[test]
fn what_is_told_often_does_not_put_the_question_off() {
    let world = World::default();
    let mut link = world.up();
    for _ in 0..60 {
        world.clock.pass(60);
        world.queue.push("+CSCON: 1");
        if world.clock.secs() == 3_600 {
            world.script.expect("AT+CEREG?", "+CEREG: 3,1\nOK\n");
        }
        assert_eq!(World::told(&mut link), None);
    }
    assert!(world.script.is_done());
}

#[test]
fn a_modem_that_gives_up_later_is_switched_off_and_on_ever_less_often() {
    let world = World::default();
    let mut link = world.up();
    world.queue.push("+CEREG: 90");
    let down = LinkState::Down(DetachReason::Sim);
    assert_eq!(World::told(&mut link), Some(down));
    for hours in [1, 2, 4, 8, 16, 24, 24] {
        for _ in 1..hours * 12 {
            world.clock.pass(300);
            world.script.expect("AT+CEREG?", "+CEREG: 3,90\nOK\n");
            assert_eq!(World::told(&mut link), None);
            assert!(world.script.is_done());
        }
        world.clock.pass(300);
        world
            .script
            .expect("AT+CFUN=4", "OK\n")
            // A card that fails may refuse it.
            .expect("AT+CFUN=1", if hours == 4 { "ERROR\n" } else { "OK\n" });
        if hours != 4 {
            world.script.expect("AT+CEREG?", "+CEREG: 3,90\nOK\n");
        }
        assert_eq!(World::told(&mut link), None);
        assert!(world.script.is_done(), "{hours} hours");
    }
    world.queue.push("+CEREG: 1");
    assert_eq!(World::told(&mut link), Some(LinkState::Up));
    world.queue.push("+CEREG: 90");
    assert_eq!(World::told(&mut link), Some(down));
    world.clock.pass(3_600);
    world.script.expect_renewal("+CEREG: 3,2\nOK\n");
    assert_eq!(World::told(&mut link), None);
    assert!(world.script.is_done());
}

#[test]
fn a_modem_that_has_switched_itself_off_is_switched_on() {
    let world = World::default();
    let mut link = world.up();
    world.queue.push("%MDMEV: ME OVERHEATED");
    let down = LinkState::Down(DetachReason::Modem);
    assert_eq!(World::told(&mut link), Some(down));
    // It may still be too hot; it has not given up for that.
    for _ in 0..3 {
        world.clock.pass(300);
        world
            .script
            .expect("AT+CFUN?", "+CFUN: 4\nOK\n")
            .expect("AT+CFUN=4", "OK\n")
            .expect("AT+CFUN=1", "ERROR\n");
        assert_eq!(World::told(&mut link), None);
        assert!(world.script.is_done());
    }
    world.clock.pass(300);
    world
        .script
        .expect("AT+CFUN?", "+CFUN: 4\nOK\n")
        .expect_renewal("+CEREG: 3,1\nOK\n");
    assert_eq!(World::told(&mut link), Some(LinkState::Up));
    assert!(world.script.is_done());
}

#[test]
fn a_link_that_was_taken_down_is_not_asked_for() {
    let world = World::default();
    let mut link = world.up();
    world.script.expect("AT+CFUN=4", "OK\n");
    run(link.down()).unwrap();
    world.clock.pass(1_000_000);
    assert_eq!(World::told(&mut link), None);
}

/// Each command takes its time.
struct Slow(Script);

impl At for Slow {
    async fn send(&mut self, command: Command<'_>, response: &mut [u8]) -> Result<usize, AtError> {
        let len = self.0.send(command, response).await;
        pending_once().await;
        len
    }
}

#[test]
fn what_was_dropped_half_way_is_done_again() {
    let world = World::default();
    let mut link = LteLink::new(
        Slow(world.script.clone()),
        world.queue.clone(),
        world.clock.clone(),
        &world.time,
        const { &LinkSettings::new() },
    );
    world
        .expect_start("+CEREG: 5,1\nOK\n")
        .expect_question("+CEREG: 5,1\nOK\n")
        .expect("AT+CCLK?", "ERROR\n");
    block_on(link.up(), || {}).unwrap();
    world.clock.stop();
    world.queue.push("+CEREG: 90");
    let down = LinkState::Down(DetachReason::Sim);
    assert_eq!(block_on(link.changed(), || {}), down);
    world.clock.pass(3_600);
    // Off, and dropped.
    world.script.expect("AT+CFUN=4", "OK\n");
    assert!(is_pending(link.changed()));
    // Off and on, and dropped.
    world
        .script
        .expect("AT+CFUN=4", "OK\n")
        .expect("AT+CFUN=1", "OK\n");
    {
        let mut changed = core::pin::pin!(link.changed());
        assert!(is_pending(changed.as_mut()));
        assert!(is_pending(changed.as_mut()));
    }
    world.script.expect_renewal("+CEREG: 5,1\nOK\n");
    assert_eq!(block_on(link.changed(), || {}), LinkState::Up);
    assert!(world.script.is_done());
}
