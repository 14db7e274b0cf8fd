//! What operations cost on the chip, in instructions and bytes of stack: `cargo xtask instructions` makes a table of it.
//!
//! The device, the messages and the work are those of `benches/`, where a host does the same. Each operation is done
//! many times, and as often prepared but not done; the difference is divided by the number. Prints, for each:
//!
//! ```text
//! cost NAME INSTRUCTIONS STACK
//! ```
//!
//! Built with the environment variable `M33_OPERATION=NAME` it does this one alone and few times, for QEMU to trace: what
//! lies between two calls of `boundary` is the preparation, then both.

#![no_std]
#![no_main]

use core::arch::asm;
use core::hint::black_box;

use carrier_benches::work::{
    DEVICE_SENML_CBOR, DEVICE_TLV_SUM, GET, GET_SUM, REGISTER, Register, ours,
};
use carrier_benches::{DEVICE_TLV, Memory, Registered, Turn};
use cortex_m_semihosting::hprintln;
use m33::exit;
use m33::stack;
use m33::ticks::{INSTRUCTIONS_PER_TICK, Ticks};

/// How often each operation is done.
const REPEATS: u32 = 1000;

/// The only operation, and how often it is traced.
const ONLY: Option<&str> = option_env!("M33_OPERATION");
const TRACED: u32 = 10;

/// Content formats.
const TLV: u32 = 11_542;
const SENML_CBOR: u32 = 112;

/// Makes something ready; a number for what follows.
type Prepare = fn(&mut Registered<'_>) -> usize;
/// Does it; a number, which is the length of what was sent or written.
type Act = fn(&mut Turn<'_, '_>, usize) -> usize;

struct Operation {
    name: &'static str,
    prepare: Prepare,
    act: Act,
    /// What `act` answers, by the specification or by what peers send.
    expected: usize,
}

impl Operation {
    /// Its preparation alone.
    const fn without_act(&self) -> Self {
        Self {
            act: |turn, number| {
                black_box(turn);
                number
            },
            ..*self
        }
    }
}

/// Of a registered client.
const OPERATIONS: [Operation; 10] = [
    // An answer with 3 bytes in TLV (Core 1.1.1, section 7.4.3) behind header, token, Content-Format and marker.
    Operation {
        name: "read_battery_level",
        prepare: |client| client.put_get(&[b"3", b"0", b"9"], TLV, false),
        act: |turn, len| turn.answer(len).len(),
        expected: 15,
    },
    Operation {
        name: "read_device_tlv",
        prepare: |client| client.put_get(&[b"3", b"0"], TLV, false),
        act: |turn, len| turn.answer(len).len(),
        expected: 12 + DEVICE_TLV.len(),
    },
    // Its Content-Format takes one byte less.
    Operation {
        name: "read_device_senml_cbor",
        prepare: |client| client.put_get(&[b"3", b"0"], SENML_CBOR, false),
        act: |turn, len| turn.answer(len).len(),
        expected: 11 + DEVICE_SENML_CBOR.len(),
    },
    Operation {
        name: "idle",
        prepare: |_| 0,
        act: |turn, _| usize::from(turn.idle()),
        expected: 1,
    },
    Operation {
        name: "parse_get",
        prepare: |_| 0,
        act: |_, _| ours::parse(black_box(GET)),
        expected: GET_SUM,
    },
    Operation {
        name: "build_register",
        prepare: |_| 0,
        act: |turn, _| ours::build_register(black_box(turn.buffer()), black_box(&Register::DEVICE)),
        expected: REGISTER.len(),
    },
    Operation {
        name: "senml_cbor_decode",
        prepare: |_| 0,
        act: |_, _| ours::senml_cbor_walk(black_box(DEVICE_SENML_CBOR)),
        expected: 16,
    },
    Operation {
        name: "senml_cbor_encode",
        prepare: |_| 0,
        act: |turn, _| ours::senml_cbor_encode(black_box(turn.buffer()), black_box(100)),
        expected: DEVICE_SENML_CBOR.len(),
    },
    Operation {
        name: "tlv_decode",
        prepare: |_| 0,
        act: |_, _| unsigned(ours::tlv_decode(black_box(DEVICE_TLV))),
        expected: unsigned(DEVICE_TLV_SUM),
    },
    Operation {
        name: "tlv_encode",
        prepare: |_| 0,
        act: |turn, _| ours::tlv_encode(black_box(turn.buffer()), black_box(100)),
        expected: DEVICE_TLV.len(),
    },
];

/// Of a client that is observed.
const NOTIFICATION: Operation = Operation {
    name: "change_to_notification",
    prepare: |client| {
        client.change_battery_level();
        0
    },
    act: |turn, _| turn.notify().len(),
    expected: 17,
};

/// Iterations of a loop of two instructions, by which the counter is checked.
const LOOP: Operation = Operation {
    name: "loop",
    prepare: |_| 1000,
    act: |_, iterations| two_instructions(iterations),
    expected: 0,
};
const LONGER_LOOP: Operation = Operation {
    prepare: |_| 2000,
    ..LOOP
};

/// Does two instructions this many times; 0.
#[allow(
    unsafe_code,
    reason = "the compiler promises no number of instructions"
)]
fn two_instructions(iterations: usize) -> usize {
    let mut left = iterations;
    // SAFETY: it changes the one register, and the flags.
    unsafe { asm!("2:", "subs {0}, {0}, #1", "bne 2b", inout(reg) left, options(nomem, nostack)) }
    left
}

#[allow(
    clippy::cast_sign_loss,
    clippy::cast_possible_truncation,
    reason = "sums of small numbers"
)]
const fn unsigned(sum: i64) -> usize {
    sum as usize
}

#[cortex_m_rt::entry]
fn main() -> ! {
    let Some(peripherals) = cortex_m::Peripherals::take() else {
        exit(false)
    };
    let ticks = Ticks::start(peripherals.SYST);
    let mut memory = Memory::new();
    let mut client = Registered::new(&mut memory);
    if let Some(name) = ONLY {
        exit(trace(&mut client, name))
    }

    let [short, long] = [LOOP, LONGER_LOOP].map(|operation| total(&ticks, &mut client, &operation));
    let calibration = mean(long - short);
    hprintln!("calibration {}", calibration);
    let mut good = calibration == 2000;
    for operation in &OPERATIONS {
        good &= measure(&ticks, &mut client, operation);
    }
    client.observe();
    good &= measure(&ticks, &mut client, &NOTIFICATION);
    exit(good)
}

/// Prints what an operation costs; whether it does what it should.
fn measure(ticks: &Ticks, client: &mut Registered<'_>, operation: &Operation) -> bool {
    let found = once(client, operation.prepare, operation.act);
    if found != operation.expected {
        hprintln!(
            "{} answers {}, not {}",
            operation.name,
            found,
            operation.expected
        );
        return false;
    }
    // The step before has left the client as it is between two of its kind.
    let stack = stack_of(client, operation);
    let nothing = operation.without_act();
    let [with, without] = [operation, &nothing].map(|operation| total(ticks, client, operation));
    let instructions = mean(with.saturating_sub(without));
    hprintln!("cost {} {} {}", operation.name, instructions, stack);
    true
}

/// Does one operation between calls of `boundary`; whether there is one of that name.
fn trace(client: &mut Registered<'_>, name: &str) -> bool {
    let mut all = OPERATIONS.iter().chain([&NOTIFICATION]);
    let Some(operation) = all.find(|operation| operation.name == name) else {
        hprintln!("there is no operation {}", name);
        return false;
    };
    if name == NOTIFICATION.name {
        client.observe();
    }
    for operation in [&operation.without_act(), operation] {
        boundary();
        for _ in 0..TRACED {
            once(client, operation.prepare, operation.act);
        }
    }
    boundary();
    true
}

/// Found in a trace by its name.
#[inline(never)]
fn boundary() {
    black_box(());
}

/// Ticks of all repeats.
#[inline(never)]
fn total(ticks: &Ticks, client: &mut Registered<'_>, operation: &Operation) -> u32 {
    let (prepare, act) = black_box((operation.prepare, operation.act));
    ticks.of(|| {
        for _ in 0..REPEATS {
            once(client, prepare, act);
        }
    })
}

#[inline(never)]
fn once(client: &mut Registered<'_>, prepare: Prepare, act: Act) -> usize {
    let number = black_box(prepare(client));
    black_box(act(&mut client.turn(), number))
}

/// Instructions of one repeat, rounded.
const fn mean(ticks: u32) -> u32 {
    (ticks * INSTRUCTIONS_PER_TICK + REPEATS / 2) / REPEATS
}

fn stack_of(client: &mut Registered<'_>, operation: &Operation) -> usize {
    let number = black_box((operation.prepare)(client));
    let mut turn = client.turn();
    let act = black_box(operation.act);
    stack::of(|| {
        black_box(act(&mut turn, number));
    })
}
