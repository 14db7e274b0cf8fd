//! A package that comes block by block: which of its messages are worth a line.

use carrier_mock::recorder::MessageHead;
use lwm2m_core::wire::coap::Code;

use super::names::Name;

/// The block-wise Write of a package, under way.
#[derive(Debug, Default)]
pub(super) struct Push {
    is_under_way: bool,
    messages: usize,
    bytes: usize,
}

/// What to do with a message.
#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    Show,
    Hide,
    /// Show it, behind a line about the messages that were not shown.
    ShowBehind {
        messages: usize,
        bytes: usize,
    },
}

impl Push {
    /// Shows the first block with its answer, and the last answer.
    pub(super) fn judge(&mut self, name: &Name, head: &MessageHead) -> Verdict {
        let is_block = match name {
            Name::Request(operation) | Name::Answer(operation) => operation == "Write /5/0/0",
            Name::Empty => self.is_under_way,
            Name::Notification(_) => false,
        };
        let is_last = matches!(name, Name::Answer(_)) && head.code != Code::CONTINUE;
        match (is_block, self.is_under_way) {
            (true, true) if is_last => {
                let Self {
                    messages, bytes, ..
                } = core::mem::take(self);
                Verdict::ShowBehind { messages, bytes }
            }
            (true, true) => {
                self.messages += 1;
                self.bytes += head.len;
                Verdict::Hide
            }
            (true, false) => {
                self.is_under_way = matches!(name, Name::Answer(_)) && !is_last;
                Verdict::Show
            }
            (false, _) => Verdict::Show,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(push: &mut Push, name: &Name, code: u8) -> Verdict {
        // RFC 7252, section 3: CON, no token, this code.
        let head = MessageHead::parse(&[0x40, code, 0, 1]).unwrap();
        push.judge(name, &head)
    }

    /// 0.03 PUT, 2.31 Continue, 2.04 Changed (RFC 7959, section 2.9.1).
    #[test]
    fn blocks_between_the_first_and_the_last_are_hidden() {
        let [request, answer] =
            [Name::Request, Name::Answer].map(|name| name("Write /5/0/0".into()));
        let other = Name::Notification("/5/0/3".into());
        let mut push = Push::default();
        for _ in 0..2 {
            let seen = [
                judged(&mut push, &request, 0x03),
                judged(&mut push, &answer, 0x5f),
                judged(&mut push, &request, 0x03),
                judged(&mut push, &other, 0x45),
                judged(&mut push, &answer, 0x5f),
                judged(&mut push, &request, 0x03),
                judged(&mut push, &answer, 0x44),
            ];
            let behind = Verdict::ShowBehind {
                messages: 3,
                bytes: 12,
            };
            let (show, hide) = (|| Verdict::Show, || Verdict::Hide);
            let expected = [show(), show(), hide(), show(), hide(), hide(), behind];
            assert_eq!(seen, expected);
        }
    }
}
