//! The link of a modem whose battery is low.

use carrier_nrf91::at::{At, AtError, Command};
use carrier_nrf91::{LinkSettings, LteLink, PowerOffWarning};
use lwm2m_carrier::hal::{DetachReason, Link, LinkErrorKind, LinkState};

use crate::double::{Queue, Script, run};
use crate::link::{TestLink, World};

/// What happens to a link.
type Step = fn(&World, &mut TestLink<'_>);

/// Nordic's AT reference, `%XPOFWARN`: the modem goes offline, and the application sees to it that the voltage is above 3000 mV
/// before `AT+CFUN=1`.
#[test]
fn a_modem_with_a_low_battery_stays_off_until_the_voltage_suffices() {
    let world = World::default();
    let mut link = world.up();
    world.queue.push("%MDMEV: ME BATTERY LOW");
    world.queue.push("+CGEV: ME BATTERY LOW");
    world.queue.push("+CEREG: 0");
    let down = LinkState::Down(DetachReason::Modem);
    assert_eq!(World::told(&mut link), Some(down));
    assert_eq!(World::told(&mut link), None);
    // Too low, refused, no answer to it, no number; then the longest wait.
    let answers = [
        "%XVBAT: 2996\nOK\n",
        "%XVBAT: 3000\nOK\n",
        "ERROR\n",
        "OK\n",
        "%XVBAT: \nOK\n",
        "%XVBAT: -1\nOK\n",
        "%XVBAT: 65537\nOK\n",
        "%XVBAT: 3600",
        "%XVBAT: 0\nOK\n",
        "%XVBAT: 2900\nOK\n",
        "%XVBAT: 2900\nOK\n",
    ];
    let minutes = [5, 10, 20, 40, 80, 160, 320, 640, 1_280, 1_440, 1_440];
    for (answer, minutes) in answers.into_iter().zip(minutes) {
        world.clock.pass(minutes * 60 - 1);
        assert_eq!(World::told(&mut link), None);
        world.clock.pass(1);
        world
            .script
            .expect("AT+CFUN?", "+CFUN: 4\nOK\n")
            .expect("AT%XVBAT", answer);
        assert_eq!(World::told(&mut link), None);
        assert!(world.script.is_done(), "{answer}");
    }
    world.clock.pass(1_440 * 60);
    world
        .script
        .expect("AT+CFUN?", "+CFUN: 4\nOK\n")
        .expect("AT%XVBAT", "%XMODEMSLEEP: 4,0\n%XVBAT: 3004\nOK\n")
        .expect_renewal("+CEREG: 3,2\nOK\n");
    assert_eq!(World::told(&mut link), None);
    // It searches, and is asked as after any loss.
    world.clock.pass(300);
    world.script.expect_question("+CEREG: 3,1\nOK\n");
    assert_eq!(World::told(&mut link), Some(LinkState::Up));
    assert!(world.script.is_done());
}

#[test]
fn a_battery_that_breaks_down_under_load_is_waited_for_ever_longer() {
    let world = World::default();
    let mut link = world.up();
    let low = LinkState::Down(DetachReason::Modem);
    world.queue.push("%MDMEV: ME BATTERY LOW");
    assert_eq!(World::told(&mut link), Some(low));
    let recovered = |minutes: u64, registration| {
        world.clock.pass(minutes * 60);
        world
            .script
            .expect("AT+CFUN?", "+CFUN: 4\nOK\n")
            .expect("AT%XVBAT", "%XVBAT: 3100\nOK\n")
            .expect("AT+CFUN=4", "OK\n")
            .expect("AT+CFUN=1", "OK\n")
            .expect("AT+CEREG?", registration);
    };
    // While it searches.
    for minutes in [5, 10] {
        recovered(minutes, "+CEREG: 3,2\nOK\n");
        assert_eq!(World::told(&mut link), None);
        world.queue.push("%MDMEV: ME BATTERY LOW");
        assert_eq!(World::told(&mut link), None);
    }
    // Once it has attached.
    for minutes in [20, 40] {
        recovered(minutes, "+CEREG: 3,1\nOK\n");
        assert_eq!(World::told(&mut link), Some(LinkState::Up));
        world.queue.push("%MDMEV: ME BATTERY LOW");
        assert_eq!(World::told(&mut link), Some(low));
        world.clock.pass(60 * 5);
        assert_eq!(World::told(&mut link), None);
        world.clock.pass(60 * (minutes - 5));
        assert_eq!(World::told(&mut link), None);
    }
    recovered(40, "+CEREG: 3,1\nOK\n");
    assert_eq!(World::told(&mut link), Some(LinkState::Up));
    assert!(world.script.is_done());
    // An hour with the radio on.
    world.clock.pass(3_600);
    world.script.expect("AT+CEREG?", "+CEREG: 3,1\nOK\n");
    assert_eq!(World::told(&mut link), None);
    world.queue.push("%MDMEV: ME BATTERY LOW");
    assert_eq!(World::told(&mut link), Some(low));
    recovered(5, "+CEREG: 3,1\nOK\n");
    assert_eq!(World::told(&mut link), Some(LinkState::Up));
    // It is off for another reason now.
    world.queue.push("%MDMEV: ME OVERHEATED");
    assert_eq!(World::told(&mut link), Some(low));
    world.clock.pass(300);
    world
        .script
        .expect("AT+CFUN?", "+CFUN: 4\nOK\n")
        .expect_renewal("+CEREG: 3,1\nOK\n");
    assert_eq!(World::told(&mut link), Some(LinkState::Up));
    assert!(world.script.is_done());
}

#[test]
fn the_next_attach_asks_for_the_voltage_after_a_warning() {
    let off = |world: &World| {
        world
            .expect_start("+CEREG: 5,0\nOK\n")
            .expect("AT+CFUN?", "+CFUN: 4\nOK\n");
    };
    let warned: [Step; 3] = [
        // Not looked at before.
        |world, _| world.queue.push("%MDMEV: ME BATTERY LOW"),
        // Before the link was taken down.
        |world, link| {
            world.queue.push("%MDMEV: ME BATTERY LOW");
            assert!(World::told(link).is_some());
            world.script.expect("AT+CFUN=4", "OK\n");
            run(link.down()).unwrap();
        },
        // Afterwards.
        |world, link| {
            world.script.expect("AT+CFUN=4", "OK\n");
            run(link.down()).unwrap();
            world.queue.push("%MDMEV: ME BATTERY LOW");
            assert_eq!(World::told(link), None);
            // Nobody wants it to be on.
            world.clock.pass(1_000_000);
            assert_eq!(World::told(link), None);
        },
    ];
    for warn in warned {
        let world = World::default();
        let mut link = world.up();
        warn(&world, &mut link);
        off(&world);
        world.script.expect("AT%XVBAT", "%XVBAT: 2800\nOK\n");
        let failed = run(link.up()).map_err(|it| it.kind);
        assert_eq!(failed, Err(LinkErrorKind::Modem));
        assert!(world.script.is_done());
        off(&world);
        world
            .script
            .expect("AT%XVBAT", "%XVBAT: 3600\nOK\n")
            .expect("AT+CFUN=1", "OK\n")
            .expect("AT+CEREG?", "+CEREG: 5,1\nOK\n")
            .expect("AT+CCLK?", "ERROR\n");
        assert_eq!(run(link.up()), Ok(()));
        assert!(world.script.is_done());
    }
}

#[test]
fn a_modem_that_the_application_has_switched_on_has_no_low_battery() {
    let down = LinkState::Down(DetachReason::Modem);
    let on: [(Step, LinkState); 3] = [
        (
            |world, link| {
                world.clock.pass(300);
                world.script.expect_question("+CEREG: 3,2\nOK\n");
                assert_eq!(World::told(link), None);
            },
            down,
        ),
        (|world, _| world.queue.push("+CEREG: 1"), LinkState::Up),
        (
            |world, _| {
                world.queue.push("+CEREG: 2");
                world.queue.push("+CGEV: ME PDN ACT 0");
            },
            LinkState::Up,
        ),
    ];
    for (on, state) in on {
        let world = World::default();
        let mut link = world.up();
        world.queue.push("%MDMEV: ME BATTERY LOW");
        assert_eq!(World::told(&mut link), Some(down));
        on(&world, &mut link);
        let told = (state != down).then_some(state);
        assert_eq!(World::told(&mut link), told);
        world.queue.push("%MDMEV: ME OVERHEATED");
        let told = told.map(|_| down);
        assert_eq!(World::told(&mut link), told);
        world.clock.pass(300);
        world
            .script
            .expect("AT+CFUN?", "+CFUN: 4\nOK\n")
            .expect_renewal("+CEREG: 3,1\nOK\n");
        assert_eq!(World::told(&mut link), Some(LinkState::Up));
        assert!(world.script.is_done());
    }
}

/// The battery breaks down when the radio is switched on.
struct Weak(Script, Queue);

impl At for Weak {
    async fn send(&mut self, command: Command<'_>, response: &mut [u8]) -> Result<usize, AtError> {
        if command.to_string() == "AT+CFUN=1" {
            self.1.push("%MDMEV: ME BATTERY LOW");
        }
        self.0.send(command, response).await
    }
}

#[test]
fn an_attach_ends_with_a_warning_which_is_enabled_each_time() {
    let world = World::default();
    let mut settings = LinkSettings::default();
    settings.power_off_warning = Some(PowerOffWarning::At3300);
    let mut link = LteLink::new(
        Weak(world.script.clone(), world.queue.clone()),
        world.queue.clone(),
        world.clock.clone(),
        &world.time,
        &settings,
    );
    for voltage in [None, Some("%XVBAT: 3304\nOK\n")] {
        world
            .expect_start("+CEREG: 5,0\nOK\n")
            .expect("AT+CFUN?", "+CFUN: 4\nOK\n");
        if let Some(voltage) = voltage {
            world.script.expect("AT%XVBAT", voltage);
        }
        world
            .script
            .expect("AT%XPOFWARN=1,33", "OK\n")
            .expect("AT+CFUN=1", "OK\n")
            .expect("AT+CEREG?", "+CEREG: 5,2\nOK\n");
        let failed = run(link.up()).map_err(|it| it.kind);
        assert_eq!(failed, Err(LinkErrorKind::Modem));
        assert_eq!(world.clock.secs(), 0, "not after the limit of an attach");
        assert!(world.script.is_done());
    }
    // Above 3000 mV, but not above the voltage of the warning.
    world
        .expect_start("+CEREG: 5,0\nOK\n")
        .expect("AT+CFUN?", "+CFUN: 4\nOK\n")
        .expect("AT%XVBAT", "%XVBAT: 3300\nOK\n");
    assert!(run(link.up()).is_err());
    assert!(world.script.is_done());
}
