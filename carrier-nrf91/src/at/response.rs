//! Responses to commands.

use super::{AtError, Fields};

/// The information lines of a response that ended with `OK`. They may hold bytes that are not UTF-8, in an operator's name for
/// one; only what is asked for as text has to be.
#[derive(Clone, Copy, Debug)]
pub struct Response<'b> {
    text: &'b [u8],
}

/// Takes the next line that has a line end from `rest`; without its end and the blanks around it.
#[inline(never)]
fn take_line<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let end = rest.iter().position(|&byte| byte == b'\n')?;
    let (line, after) = rest.split_at_checked(end)?;
    *rest = after.get(1..)?;
    Some(line.trim_ascii())
}

/// Takes the next line that begins with `name` from `rest`; its parameters.
#[inline(never)]
fn take_named<'b>(rest: &mut &'b [u8], name: &str) -> Option<Fields<'b>> {
    loop {
        let fields = Fields::of(take_line(rest)?, name);
        if fields.is_some() {
            return fields;
        }
    }
}

impl<'b> Response<'b> {
    /// Looks for the final result code, `OK`, `ERROR`, `+CME ERROR: n` or `+CMS ERROR: n` (3GPP TS 27.007, section
    /// 9.2), on a line of its own with its line end.
    ///
    /// # Errors
    /// [`AtError::Refused`], or [`AtError::Truncated`] without a final result code.
    pub fn parse(response: &'b [u8]) -> Result<Self, AtError> {
        let mut rest = response;
        loop {
            let end = response.len().saturating_sub(rest.len());
            let line = take_line(&mut rest).ok_or(AtError::Truncated)?;
            if line == b"OK" {
                let text = response.get(..end).unwrap_or_default();
                return Ok(Self { text });
            }
            if line == b"ERROR" {
                return Err(AtError::Refused(None));
            }
            let numbered = Fields::of(line, "+CME ERROR");
            if let Some(mut number) = numbered.or_else(|| Fields::of(line, "+CMS ERROR")) {
                return Err(AtError::Refused(number.number()));
            }
        }
    }

    /// The lines, without ends and without empty ones.
    pub fn lines(&self) -> impl Iterator<Item = &'b [u8]> + use<'b> {
        let mut rest = self.text;
        core::iter::from_fn(move || take_line(&mut rest)).filter(|line| !line.is_empty())
    }

    /// The parameters of each line that begins with `name`. Other lines, notifications among them, are passed over.
    pub fn named<'n>(&self, name: &'n str) -> impl Iterator<Item = Fields<'b>> + use<'b, 'n> {
        let mut rest = self.text;
        core::iter::from_fn(move || take_named(&mut rest, name))
    }

    /// The first line that has no name, as `AT+CGMR` answers; `None` if it is not text.
    #[must_use]
    pub fn plain(&self) -> Option<&'b str> {
        let mut lines = self.lines();
        let plain = lines.find(|line| !matches!(line.first(), Some(b'+' | b'%')))?;
        core::str::from_utf8(plain).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_lines_are_found_among_notifications() {
        let response =
            Response::parse(b"%MDMEV: SEARCH STATUS 1\r\nmfw_nrf9160_1.1.1\r\n+CEREG: 2\r\nOK\r\n")
                .unwrap();
        assert_eq!(response.plain(), Some("mfw_nrf9160_1.1.1"));
        assert_eq!(response.lines().count(), 3);
        let contexts = b"+CGDCONT: 0,\"IP\",\"internet\",\"10.0.1.1\",0,0\r\n+CGDCONT: 1,\"IP\",\"IOT_apn\",\"10.0.1.2\",0,0\r\nOK\r\n";
        let response = Response::parse(contexts).unwrap();
        assert_eq!(response.named("+CGDCONT").count(), 2);
    }

    #[test]
    fn errors_have_their_number_where_the_modem_tells_it() {
        let refused = |text: &'static str| Response::parse(text.as_bytes()).unwrap_err();
        assert_eq!(refused("ERROR\r\n"), AtError::Refused(None));
        assert_eq!(
            refused("\r\n+CME ERROR: 518\r\n"),
            AtError::Refused(Some(518))
        );
        assert_eq!(
            refused("+CEREG: 2\r\n+CMS ERROR: 301\r\n"),
            AtError::Refused(Some(301))
        );
    }

    #[test]
    fn response_without_its_end_is_none() {
        for text in [
            "",
            "+CEREG: 2,1",
            "+CEREG: 2,1\r\n",
            "mfw_nrf9160_1.1.1\r\nOK",
            "+CME ERROR: 51",
            "\"OK\"\r\n",
        ] {
            assert_eq!(
                Response::parse(text.as_bytes()).unwrap_err(),
                AtError::Truncated,
                "{text}"
            );
        }
    }

    #[test]
    fn bytes_that_are_not_text_do_no_harm_elsewhere() {
        let response = Response::parse(b"+COPS: 0,0,\"Telef\xF3nica\",7\r\nOK\r\n").unwrap();
        let mut fields = response.named("+COPS").next().unwrap();
        assert_eq!(fields.number(), Some(0_u8));
        assert_eq!(fields.number(), Some(0_u8));
        assert_eq!(fields.text(), None);
        assert_eq!(fields.number(), Some(7_u8));
        assert_eq!(Response::parse(b"\xFF\r\nOK\r\n").unwrap().plain(), None);
    }
}
