//! How a server treats what the device asks of it.

use lwm2m_core::wire::coap::Code;

/// How a server treats the requests of its interface (Register, Update, Bootstrap-Request, Send).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Conduct {
    /// It does its work.
    #[default]
    Serve,
    /// It answers nothing. A server that is set so for good is not there at all: it neither takes nor
    /// sends anything until it is set otherwise. Lifetimes end all the same.
    Silent,
    /// It answers with this code and does nothing else.
    Refuse(Code),
}

/// What a server does now, and for how many requests it does something else.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Plan {
    standing: Conduct,
    passing: Conduct,
    left: u32,
}

impl Plan {
    /// From now on.
    pub(super) const fn set(&mut self, conduct: Conduct) {
        self.standing = conduct;
        self.left = 0;
    }

    /// For the next `requests` requests, copies of one not counted.
    pub(super) const fn set_for(&mut self, conduct: Conduct, requests: u32) {
        self.passing = conduct;
        self.left = requests;
    }

    /// Whether the server is not there at all.
    pub(super) fn is_gone(&self) -> bool {
        self.left == 0 && self.standing == Conduct::Silent
    }

    /// The conduct towards one more request.
    pub(super) const fn next(&mut self) -> Conduct {
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                self.passing
            }
            None => self.standing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passing_conduct_ends() {
        let mut plan = Plan::default();
        plan.set_for(Conduct::Silent, 2);
        assert!(!plan.is_gone());
        let seen = [plan.next(), plan.next(), plan.next()];
        assert_eq!(seen, [Conduct::Silent, Conduct::Silent, Conduct::Serve]);
        plan.set(Conduct::Silent);
        assert_eq!([plan.next(), plan.next()], [Conduct::Silent; 2]);
        assert!(plan.is_gone());
    }
}
