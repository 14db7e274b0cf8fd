use carrier_nrf91::ModemFacts;
use carrier_nrf91::at::{AccessTechnology, At, AtError, Command};
use lwm2m_carrier::hal::{ModemInfo, NotAvailable};

use crate::double::{Script, run};

const MONITOR: &str = "%XMONITOR: 1,\"EDAV\",\"EDAV\",\"26295\",\"00B7\",7,4,\"00011B07\",7,2300,63,39,\"\",\"11100000\",\"11100000\",\"00000000\"\nOK\n";

#[test]
fn facts_are_taken_from_responses() {
    let script = Script::default();
    script
        .expect("AT+CGSN=1", "+CGSN: \"352656100367872\"\nOK\n")
        .expect("AT%XICCID", "%XICCID: 8901234567012345678F\nOK\n")
        .expect("AT+CNUM", "+CNUM: ,\"+1234567891234\",145\nOK\n")
        .expect("AT+CGMR", "mfw_nrf9160_1.1.1\nOK\n")
        .expect("AT+CIMI", "+CEREG: 2\n284011234567890\nOK\n")
        .expect("AT+CESQ", "+CESQ: 99,99,255,255,31,62\nOK\n")
        .expect("AT%XMONITOR", MONITOR)
        .expect("AT%XMONITOR", MONITOR)
        .expect("AT%XMONITOR", MONITOR)
        .expect("AT+CESQ", "+CESQ: 99,99,255,255,31,62\nOK\n");
    let mut facts = ModemFacts::new(script.clone());
    let mut buffer = [0; 32];
    assert_eq!(run(facts.imei(&mut buffer)), Ok("352656100367872"));
    assert_eq!(run(facts.iccid(&mut buffer)), Ok("8901234567012345678"));
    assert_eq!(run(facts.msisdn(&mut buffer)), Ok("1234567891234"));
    assert_eq!(
        run(facts.firmware_version(&mut buffer)),
        Ok("mfw_nrf9160_1.1.1")
    );
    assert_eq!(run(facts.imsi(&mut buffer)), Ok("284011234567890"));
    assert_eq!(run(facts.rsrp()), Ok(-79));
    assert_eq!(run(facts.cell_id()), Ok(0x0001_1B07));
    assert_eq!(run(facts.network()), Ok((262, 95)));
    assert_eq!(run(facts.bearer()), Ok(6));
    assert_eq!(run(facts.rsrq()), Ok(-5));
    assert!(script.is_done());
}

#[test]
fn bearer_is_context_0() {
    let script = Script::default();
    let contexts = "+CGDCONT: 1,\"IP\",\"IOT_apn\",\"10.0.1.2\",0,0\n+CGDCONT: 0,\"IP\",\"internet\",\"10.0.1.1\",0,0\nOK\n";
    script
        .expect("AT+CGDCONT?", contexts)
        .expect(
            "AT+CGPADDR=0",
            "+CGPADDR: 0,\"10.0.1.1\",\"1050:0:0:0:5:600:300c:326b\"\nOK\n",
        )
        .expect("AT+CGPADDR=0", "+CGPADDR: 0\nOK\n")
        .expect(
            "AT%XMONITOR",
            "%XMONITOR: 5,,,\"24202\",\"0901\",9,20,\"020A7716\"\nOK\n",
        );
    let mut facts = ModemFacts::new(script);
    let mut buffer = [0; 32];
    assert_eq!(run(facts.access_point(&mut buffer)), Ok("internet"));
    let address = run(facts.address()).unwrap();
    assert_eq!(address.first, Some([10, 0, 1, 1].into()));
    assert_eq!(
        address.second,
        Some([0x1050, 0, 0, 0, 5, 0x600, 0x300C, 0x326B].into())
    );
    assert_eq!(run(facts.address()), Err(NotAvailable));
    let mut response = [0; 256];
    let technology = run(facts.monitor(&mut response)).map(|it| it.technology);
    assert_eq!(technology, Ok(Some(AccessTechnology::NbIot)));
}

#[test]
fn what_the_modem_does_not_tell_is_not_available() {
    for response in [
        "ERROR\n",
        "+CME ERROR: 10\n",
        "OK\n",
        "+CGSN: \"352656100367872\"\n",
        "+CGSN: \"3526561003678\"\nOK\n",
        "+CGSN: \"35265610036787\nOK\n",
        "",
    ] {
        let script = Script::default();
        script.expect("AT+CGSN=1", response);
        let mut buffer = [0; 32];
        let imei = run(ModemFacts::new(script).imei(&mut buffer)).map(str::to_owned);
        assert_eq!(imei, Err(NotAvailable), "{response}");
    }
    let script = Script::default();
    script.expect("AT+CNUM", "+CNUM: ,\"\",129\nOK\n");
    script.expect("AT+CGMR", &format!("{}\nOK\n", "x".repeat(300)));
    script.expect("AT+CESQ", "+CESQ: 99,99,255,255,255,255\nOK\n");
    let mut facts = ModemFacts::new(script);
    assert_eq!(run(facts.msisdn(&mut [0; 32])), Err(NotAvailable));
    assert_eq!(
        run(facts.firmware_version(&mut [0; 512])),
        Err(NotAvailable)
    );
    assert_eq!(run(facts.rsrp()), Err(NotAvailable));
}

/// Answers with these bytes.
struct Bytes(&'static [u8]);

impl At for Bytes {
    async fn send(&mut self, _command: Command<'_>, response: &mut [u8]) -> Result<usize, AtError> {
        response[..self.0.len()].copy_from_slice(self.0);
        Ok(self.0.len())
    }
}

#[test]
fn an_operators_name_in_another_alphabet_hides_no_other_fact() {
    // ISO 8859-1.
    let mut facts = ModemFacts::new(Bytes(
        b"%XMONITOR: 1,\"Telef\xF3nica\",\"T\xF3\",\"21407\",\"00B7\",9,20,\"00011B07\"\r\nOK\r\n",
    ));
    assert_eq!(run(facts.bearer()), Ok(7));
    assert_eq!(run(facts.network()), Ok((214, 7)));
    assert_eq!(run(facts.cell_id()), Ok(0x0001_1B07));
    let mut facts = ModemFacts::new(Bytes(b"+CGSN: \"35265610036787\xF3\"\r\nOK\r\n"));
    assert_eq!(run(facts.imei(&mut [0; 32])), Err(NotAvailable));
}
