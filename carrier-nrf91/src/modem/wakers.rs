//! Who is to be woken when something happens to a socket.

use core::cell::RefCell;
use core::task::Waker;

use critical_section::Mutex;

use crate::net::{Descriptor, Interest, MOST_SOCKETS};

struct Watch {
    socket: Descriptor,
    interest: Interest,
    waker: Waker,
}

/// One for each direction of each socket, so there is always room.
static WATCHES: Mutex<RefCell<[Option<Watch>; 2 * MOST_SOCKETS]>> =
    Mutex::new(RefCell::new([const { None }; 2 * MOST_SOCKETS]));

/// Has `waker` woken once, in place of the one that was to be woken before.
pub(super) fn watch(socket: Descriptor, interest: Interest, waker: &Waker) {
    critical_section::with(|section| {
        let mut watches = WATCHES.borrow_ref_mut(section);
        let mine = |it: &&mut Option<Watch>| {
            it.as_ref()
                .is_some_and(|it| it.socket == socket && it.interest == interest)
        };
        if let Some(Some(watch)) = watches.iter_mut().find(mine) {
            watch.waker.clone_from(waker);
        } else if let Some(free) = watches.iter_mut().find(|it| it.is_none()) {
            *free = Some(Watch {
                socket,
                interest,
                waker: waker.clone(),
            });
        } else {
            // More sockets than the modem has: asked again at once rather than never.
            waker.wake_by_ref();
        }
    });
}

/// Wakes those who wait for it.
pub(super) fn wake(socket: Descriptor, concerns: impl Fn(Interest) -> bool) {
    critical_section::with(|section| {
        let mut watches = WATCHES.borrow_ref_mut(section);
        for slot in watches.iter_mut() {
            let watch = slot.take_if(|it| it.socket == socket && concerns(it.interest));
            if let Some(watch) = watch {
                watch.waker.wake();
            }
        }
    });
}

/// Nobody waits for it any more: its number may be given to another socket.
pub(super) fn forget(socket: Descriptor) {
    critical_section::with(|section| {
        for slot in WATCHES.borrow_ref_mut(section).iter_mut() {
            let _ = slot.take_if(|it| it.socket == socket);
        }
    });
}
