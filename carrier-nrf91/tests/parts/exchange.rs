//! The modem's library as its header describes it: it takes one command, answers in an interrupt, and refuses another until
//! then.

use core::cell::{Cell, RefCell};
use core::future::Future;
use core::pin::pin;
use core::sync::atomic::{AtomicU32, Ordering};
use core::task::{Context, Poll, Waker};
use std::sync::Arc;
use std::task::Wake;

use carrier_nrf91::at::{AtError, Command, Exchange, Interpreter, Response};
use carrier_nrf91::net::Errno;
use lwm2m_carrier::errno;

#[derive(Default)]
struct Library {
    exchange: RefCell<Exchange>,
    executing: RefCell<Option<String>>,
    /// Answers before the call returns.
    hasty: Cell<bool>,
    fault: Cell<Option<i32>>,
    begun: RefCell<Vec<String>>,
}

impl Library {
    /// The interrupt.
    fn answer(&self, response: &[u8]) {
        self.executing.borrow_mut().take().expect("a command");
        self.exchange.borrow_mut().answer(response);
    }
}

impl Interpreter for Library {
    fn begin(&self, command: Command<'_>) -> Result<(), Errno> {
        if let Some(number) = self.fault.get() {
            return Err(Errno(number));
        }
        if self.executing.borrow().is_some() {
            // NRF_EINPROGRESS
            return Err(Errno(119));
        }
        *self.executing.borrow_mut() = Some(command.to_string());
        self.begun.borrow_mut().push(command.to_string());
        if self.hasty.get() {
            self.answer(b"OK\r\n");
        }
        Ok(())
    }

    fn with<R>(&self, access: impl FnOnce(&mut Exchange) -> R) -> R {
        access(&mut self.exchange.borrow_mut())
    }
}

#[derive(Default)]
struct Task(AtomicU32);

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Task {
    fn poll<F: Future>(self: &Arc<Self>, future: core::pin::Pin<&mut F>) -> Poll<F::Output> {
        let waker = Waker::from(Arc::clone(self));
        future.poll(&mut Context::from_waker(&waker))
    }

    fn wakes(&self) -> u32 {
        self.0.swap(0, Ordering::Relaxed)
    }
}

#[test]
fn the_answer_of_the_interrupt_is_returned() {
    let (library, task) = (Library::default(), Arc::new(Task::default()));
    let mut response = [0; 64];
    let len = {
        let mut sent = pin!(library.exchange("AT+CGMR".into(), &mut response));
        assert_eq!(task.poll(sent.as_mut()), Poll::Pending);
        assert_eq!(task.poll(sent.as_mut()), Poll::Pending);
        assert_eq!(task.wakes(), 0);
        library.answer(b"mfw_nrf9160_1.3.5\r\nOK\r\n");
        assert_eq!(task.wakes(), 1);
        task.poll(sent.as_mut())
    };
    assert_eq!(len, Poll::Ready(Ok(23)));
    assert_eq!(&response[..23], b"mfw_nrf9160_1.3.5\r\nOK\r\n");
    assert_eq!(*library.begun.borrow(), ["AT+CGMR"]);
}

#[test]
fn an_answer_that_comes_before_the_call_returns_is_not_lost() {
    let (library, task) = (Library::default(), Arc::new(Task::default()));
    library.hasty.set(true);
    for _ in 0..2 {
        let mut response = [0; 8];
        let mut sent = pin!(library.exchange("AT".into(), &mut response));
        assert_eq!(task.poll(sent.as_mut()), Poll::Ready(Ok(4)));
    }
}

#[test]
fn a_response_that_is_no_text_does_no_harm() {
    let (library, task) = (Library::default(), Arc::new(Task::default()));
    let mut response = [0; 64];
    let text = b"%XMONITOR: 1,\"T\xE9l\xE9com\"\r\nOK\r\n";
    let len = {
        let mut sent = pin!(library.exchange("AT%XMONITOR".into(), &mut response));
        assert!(task.poll(sent.as_mut()).is_pending());
        library.answer(text);
        task.poll(sent.as_mut())
    };
    assert_eq!(len, Poll::Ready(Ok(text.len())));
    let parsed = Response::parse(&response[..text.len()]).unwrap();
    let mut fields = parsed.named("%XMONITOR").next().unwrap();
    assert_eq!(fields.number(), Some(1_u8));
}

#[test]
fn a_command_waits_for_one_whose_future_was_dropped() {
    let (library, task) = (Library::default(), Arc::new(Task::default()));
    {
        let mut response = [0; 64];
        let mut dropped = pin!(library.exchange("AT+CFUN=4".into(), &mut response));
        assert!(task.poll(dropped.as_mut()).is_pending());
    }
    let mut response = [0; 64];
    {
        let mut sent = pin!(library.exchange("AT+CFUN=1".into(), &mut response));
        assert!(task.poll(sent.as_mut()).is_pending());
        assert_eq!(*library.begun.borrow(), ["AT+CFUN=4"], "one at a time");
        library.answer(b"+CME ERROR: 1\r\n");
        assert_eq!(task.wakes(), 1);
        assert!(task.poll(sent.as_mut()).is_pending());
        assert_eq!(*library.begun.borrow(), ["AT+CFUN=4", "AT+CFUN=1"]);
        library.answer(b"OK\r\n");
        assert_eq!(task.poll(sent.as_mut()), Poll::Ready(Ok(4)));
    }
    assert_eq!(&response[..4], b"OK\r\n");
}

#[test]
fn a_future_that_is_dropped_with_its_answer_unread_makes_room() {
    let (library, task) = (Library::default(), Arc::new(Task::default()));
    let other = Arc::new(Task::default());
    let (mut first, mut second) = ([0; 8], [0; 8]);
    let mut second = pin!(library.exchange("AT+CEREG?".into(), &mut second));
    {
        let mut first = pin!(library.exchange("AT+CFUN?".into(), &mut first));
        assert!(task.poll(first.as_mut()).is_pending());
        assert!(other.poll(second.as_mut()).is_pending());
        library.answer(b"OK\r\n");
        // Its turn has not come yet.
        let _ = other.wakes();
        assert!(other.poll(second.as_mut()).is_pending());
        assert_eq!(library.begun.borrow().len(), 1);
    }
    assert_eq!(other.wakes(), 1);
    assert!(other.poll(second.as_mut()).is_pending());
    library.answer(b"OK\r\n");
    assert_eq!(other.poll(second.as_mut()), Poll::Ready(Ok(4)));
}

#[test]
fn more_tasks_than_are_remembered_all_have_their_turn() {
    let library = Library::default();
    let tasks: Vec<_> = (0..9).map(|_| Arc::new(Task::default())).collect();
    let mut buffers = [[0; 8]; 9];
    let mut sent: Vec<_> = buffers
        .iter_mut()
        .map(|buffer| Box::pin(library.exchange("AT".into(), buffer)))
        .collect();
    let mut done = 0;
    for (task, future) in tasks.iter().zip(&mut sent) {
        assert!(task.poll(future.as_mut()).is_pending());
    }
    // Only who was woken is polled, as an executor does.
    for _ in 0..1000 {
        if library.executing.borrow().is_some() {
            library.answer(b"OK\r\n");
        }
        for (task, future) in tasks.iter().zip(&mut sent) {
            if task.wakes() > 0 && task.poll(future.as_mut()).is_ready() {
                done += 1;
            }
        }
    }
    assert_eq!(done, 9);
}

#[test]
fn a_command_of_somebody_else_is_waited_for() {
    let (library, task) = (Library::default(), Arc::new(Task::default()));
    *library.executing.borrow_mut() = Some("AT%XSIM?".to_owned());
    let mut response = [0; 8];
    let mut sent = pin!(library.exchange("AT".into(), &mut response));
    assert!(task.poll(sent.as_mut()).is_pending());
    assert_eq!(task.wakes(), 1);
    *library.executing.borrow_mut() = None;
    assert!(task.poll(sent.as_mut()).is_pending());
    library.answer(b"OK\r\n");
    assert_eq!(task.poll(sent.as_mut()), Poll::Ready(Ok(4)));
}

#[test]
fn a_channel_that_fails_says_so_in_numbers_of_linux() {
    // nrf_errno.h: NRF_EPERM, NRF_ENOMEM, NRF_ESHUTDOWN.
    for (number, linux) in [(1, 1), (12, errno::ENOMEM), (110, errno::ENETDOWN)] {
        let (library, task) = (Library::default(), Arc::new(Task::default()));
        library.fault.set(Some(number));
        let mut response = [0; 8];
        {
            let mut sent = pin!(library.exchange("AT".into(), &mut response));
            let failed = Err(AtError::Channel(linux));
            assert_eq!(task.poll(sent.as_mut()), Poll::Ready(failed));
        }
        library.fault.set(None);
        library.hasty.set(true);
        let mut sent = pin!(library.exchange("AT".into(), &mut response));
        assert_eq!(task.poll(sent.as_mut()), Poll::Ready(Ok(4)));
    }
}

#[test]
fn a_response_is_cut_where_it_is_too_long() {
    let (library, task) = (Library::default(), Arc::new(Task::default()));
    let mut response = [0; 1024];
    for (room, text, expected) in [(1024, 600, 512), (100, 600, 100), (1024, 512, 512)] {
        let mut sent = pin!(library.exchange("AT%CMNG=1".into(), &mut response[..room]));
        assert!(task.poll(sent.as_mut()).is_pending());
        library.answer(&vec![b'x'; text]);
        assert_eq!(task.poll(sent.as_mut()), Poll::Ready(Ok(expected)));
    }
}
