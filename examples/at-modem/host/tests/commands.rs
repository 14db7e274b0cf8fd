//! What the modem answers, byte by byte, as the manuals have it.

#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use std::net::UdpSocket;

use at_modem_host::{Modem, Options};

/// A modem that has said that it is there.
fn modem(options: Options) -> Modem {
    let mut modem = Modem::new(options);
    assert_eq!(modem.output(), b"\r\nRDY\r\n\r\nAPP RDY\r\n");
    modem
}

fn ask(modem: &mut Modem, command: &str) -> String {
    modem.input(command.as_bytes());
    modem.input(b"\r");
    String::from_utf8(modem.output()).unwrap()
}

/// What comes within five seconds.
fn wait(modem: &mut Modem) -> String {
    let started = std::time::Instant::now();
    while started.elapsed().as_secs() < 5 {
        let said = modem.output();
        if !said.is_empty() {
            return String::from_utf8(said).unwrap();
        }
    }
    String::new()
}

#[test]
fn commands_are_sent_back_until_that_is_switched_off() {
    let mut modem = modem(Options::default());
    assert_eq!(ask(&mut modem, "AT"), "AT\r\r\nOK\r\n");
    assert_eq!(ask(&mut modem, "ATE0"), "ATE0\r\r\nOK\r\n");
    assert_eq!(ask(&mut modem, "AT"), "\r\nOK\r\n");
}

#[test]
fn what_is_not_known_is_refused() {
    let mut modem = modem(Options::default());
    ask(&mut modem, "ATE0");
    for command in [
        "AT+NOSUCH",
        "AT+CFUN=7",
        "AT+QIRD=0,1501",
        "AT+QISEND=0,1",
        "ATX",
    ] {
        assert_eq!(ask(&mut modem, command), "\r\nERROR\r\n", "{command}");
    }
    ask(&mut modem, "AT+CMEE=1");
    assert_eq!(ask(&mut modem, "AT+NOSUCH"), "\r\n+CME ERROR: 50\r\n");
}

#[test]
fn without_a_sim_card_there_is_no_network() {
    let mut modem = modem(Options {
        sim: false,
        ..Options::default()
    });
    ask(&mut modem, "ATE0");
    ask(&mut modem, "AT+CMEE=1");
    assert_eq!(ask(&mut modem, "AT+CPIN?"), "\r\n+CME ERROR: 10\r\n");
    assert_eq!(
        ask(&mut modem, "AT+CEREG?"),
        "\r\n+CEREG: 0,2\r\n\r\nOK\r\n"
    );
    assert_eq!(ask(&mut modem, "AT+QIACT=1"), "\r\n+CME ERROR: 50\r\n");
}

#[test]
fn datagrams_go_to_the_network_and_come_from_it() {
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = peer.local_addr().unwrap().port();
    let mut modem = modem(Options::default());
    ask(&mut modem, "ATE0");
    let open = format!("AT+QIOPEN=1,0,\"UDP\",\"127.0.0.1\",{port},0,0");
    // The context is not active yet.
    assert_eq!(ask(&mut modem, &open), "\r\nOK\r\n\r\n+QIOPEN: 0,561\r\n");
    assert_eq!(ask(&mut modem, "AT+QIACT=1"), "\r\nOK\r\n");
    assert_eq!(ask(&mut modem, &open), "\r\nOK\r\n\r\n+QIOPEN: 0,0\r\n");
    // The number is in use.
    assert_eq!(ask(&mut modem, &open), "\r\nOK\r\n\r\n+QIOPEN: 0,563\r\n");

    assert_eq!(ask(&mut modem, "AT+QISEND=0,4"), "\r\n> ");
    modem.input(b"\r\nOK");
    assert_eq!(modem.output(), b"\r\nSEND OK\r\n");
    let mut buffer = [0; 16];
    let (len, from) = peer.recv_from(&mut buffer).unwrap();
    assert_eq!(buffer.get(..len), Some(&b"\r\nOK"[..]));

    // Told once, until all was read.
    peer.send_to(b"one", from).unwrap();
    assert_eq!(wait(&mut modem), "\r\n+QIURC: \"recv\",0\r\n");
    peer.send_to(b"three", from).unwrap();
    let read = "AT+QIRD=0,1500";
    assert_eq!(ask(&mut modem, read), "\r\n+QIRD: 3\r\none\r\nOK\r\n");
    assert_eq!(
        ask(&mut modem, "AT+QIRD=0,2"),
        "\r\n+QIRD: 2\r\nth\r\nOK\r\n"
    );
    assert_eq!(ask(&mut modem, read), "\r\n+QIRD: 3\r\nree\r\nOK\r\n");
    assert_eq!(ask(&mut modem, read), "\r\n+QIRD: 0\r\n\r\nOK\r\n");
    assert_eq!(ask(&mut modem, "AT+QICLOSE=0"), "\r\nOK\r\n");
    assert_eq!(ask(&mut modem, read), "\r\nERROR\r\n");
}

#[test]
fn a_name_that_does_not_resolve_is_565() {
    let mut modem = modem(Options::default());
    ask(&mut modem, "ATE0");
    ask(&mut modem, "AT+QIACT=1");
    let said = ask(
        &mut modem,
        "AT+QIOPEN=1,1,\"UDP\",\"nobody.invalid\",5683,0,0",
    );
    assert_eq!(said, "\r\nOK\r\n\r\n+QIOPEN: 1,565\r\n");
}
