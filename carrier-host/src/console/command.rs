//! The lines on standard input.

use core::fmt;

use lwm2m_core::model::{Level, Path};
use serde_json::{Map, Value as Json};

use super::value::Input;

/// What `help` answers.
pub const HELP: &str = "\
read PATH            show an object, an instance or a resource
write PATH VALUE     set a resource in the device itself
create PATH          make an object instance
delete PATH          remove an object instance
execute PATH [ARGS]  execute a resource, with arguments such as 0='a',1
changed PATH         tell the client that a value has changed
update               send a registration update
deregister           de-register from all servers
register             register again
show                 show servers, registrations and objects
stats                show the counters
firmware             show how far a firmware package has come
help                 show this
quit                 de-register and end";

/// A line of the console.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Command {
    /// Show the values at and below a path.
    Read {
        /// Any path but the root.
        path: Path,
    },
    /// Set a resource as the device itself does.
    Write {
        /// A resource or resource instance.
        path: Path,
        /// The value, not yet typed.
        value: Input,
    },
    /// Make an object instance.
    Create {
        /// An object instance.
        path: Path,
    },
    /// Remove an object instance.
    Delete {
        /// An object instance.
        path: Path,
    },
    /// Execute a resource as a server does.
    Execute {
        /// A resource.
        path: Path,
        /// The argument list; empty when there is none.
        arguments: String,
    },
    /// Tell the client that a value has changed.
    Changed {
        /// Any path but the root.
        path: Path,
    },
    /// Send a registration update.
    Update,
    /// De-register.
    Deregister,
    /// Register again.
    Register,
    /// Show servers, registrations and objects.
    Show,
    /// Show the counters.
    Stats,
    /// Show how far a firmware package has come.
    Firmware,
    /// Show the commands.
    Help,
    /// De-register and end.
    Quit,
}

/// Why a line is not a command.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum CommandError {
    /// There is no such command.
    Unknown(String),
    /// The command needs a path.
    NoPath,
    /// This is not a path.
    BadPath(String),
    /// The command does not apply to a path of this kind.
    WrongLevel {
        /// What it applies to.
        wanted: &'static str,
    },
    /// The command needs a value.
    NoValue,
    /// There is more in the line than the command takes.
    Extra(String),
    /// The line is not a JSON object.
    NotJson,
    /// A member of the JSON object is missing or not a string.
    BadMember(&'static str),
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => write!(f, "there is no command {name:?}; see help"),
            Self::NoPath => f.write_str("the command needs a path such as /3/0/0"),
            Self::BadPath(path) => write!(f, "{path:?} is not a path such as /3/0/0"),
            Self::WrongLevel { wanted } => write!(f, "the command needs the path of {wanted}"),
            Self::NoValue => f.write_str("the command needs a value"),
            Self::Extra(extra) => write!(f, "the command does not take {extra:?}"),
            Self::NotJson => f.write_str("the line is not a JSON object"),
            Self::BadMember(name) => write!(f, "{name:?} is missing or not a string"),
        }
    }
}

impl core::error::Error for CommandError {}

impl Command {
    /// Reads a line of plain text; `None` for an empty one.
    ///
    /// # Errors
    /// [`CommandError`] with a sentence for the user.
    pub fn parse_text(line: &str) -> Result<Option<Self>, CommandError> {
        let (name, rest) = split_word(line);
        if name.is_empty() {
            return Ok(None);
        }
        let (path, value) = split_word(rest);
        Parts {
            name,
            path: (!path.is_empty()).then_some(path),
            value: (!value.is_empty()).then(|| Input::Text(value.to_owned())),
            arguments: (!value.is_empty()).then_some(value),
            rest,
        }
        .command()
        .map(Some)
    }

    /// Reads a line of JSON, such as `{"cmd":"write","path":"/1/0/1","value":60}`; `None` for an empty one.
    ///
    /// The arguments of `execute` are the member `args`, a string.
    ///
    /// # Errors
    /// [`CommandError`] with a sentence for the user.
    pub fn parse_json(line: &str) -> Result<Option<Self>, CommandError> {
        if line.trim().is_empty() {
            return Ok(None);
        }
        let members: Map<String, Json> =
            serde_json::from_str(line).map_err(|_| CommandError::NotJson)?;
        let known = ["cmd", "path", "value", "args"];
        if let Some(extra) = members.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(CommandError::Extra(extra.clone()));
        }
        let text = |name: &'static str| match members.get(name) {
            None => Ok(None),
            Some(Json::String(text)) => Ok(Some(text.as_str())),
            Some(_) => Err(CommandError::BadMember(name)),
        };
        let path = text("path")?;
        let extra = ["path", "value", "args"]
            .into_iter()
            .find(|name| members.contains_key(*name));
        Parts {
            name: text("cmd")?.ok_or(CommandError::BadMember("cmd"))?,
            path,
            value: members.get("value").cloned().map(Input::Json),
            arguments: text("args")?,
            rest: extra.unwrap_or_default(),
        }
        .command()
        .map(Some)
    }
}

/// A line taken apart, whichever way it was written.
struct Parts<'l> {
    name: &'l str,
    path: Option<&'l str>,
    value: Option<Input>,
    arguments: Option<&'l str>,
    /// What stands behind the name, for commands that take nothing.
    rest: &'l str,
}

impl Parts<'_> {
    fn command(self) -> Result<Command, CommandError> {
        let alone = |command| match self.rest {
            "" => Ok(command),
            extra => Err(CommandError::Extra(extra.to_owned())),
        };
        match self.name {
            "read" => Ok(Command::Read {
                path: self.only_path(SOMETHING)?,
            }),
            "write" => {
                let path = self.path(RESOURCE)?;
                let value = self.value.ok_or(CommandError::NoValue)?;
                Ok(Command::Write { path, value })
            }
            "create" => Ok(Command::Create {
                path: self.only_path(INSTANCE)?,
            }),
            "delete" => Ok(Command::Delete {
                path: self.only_path(INSTANCE)?,
            }),
            "execute" => Ok(Command::Execute {
                path: self.path(EXECUTABLE)?,
                arguments: self.arguments.unwrap_or_default().to_owned(),
            }),
            "changed" => Ok(Command::Changed {
                path: self.only_path(SOMETHING)?,
            }),
            "update" => alone(Command::Update),
            "deregister" => alone(Command::Deregister),
            "register" => alone(Command::Register),
            "show" => alone(Command::Show),
            "stats" => alone(Command::Stats),
            "firmware" => alone(Command::Firmware),
            "help" => alone(Command::Help),
            "quit" => alone(Command::Quit),
            unknown => Err(CommandError::Unknown(unknown.to_owned())),
        }
    }

    fn path(&self, allowed: Allowed) -> Result<Path, CommandError> {
        let text = self.path.ok_or(CommandError::NoPath)?;
        let path = Path::parse(text).ok_or_else(|| CommandError::BadPath(text.to_owned()))?;
        if allowed.levels.contains(&path.level()) {
            Ok(path)
        } else {
            Err(CommandError::WrongLevel {
                wanted: allowed.name,
            })
        }
    }

    /// The path of a command that takes nothing else.
    fn only_path(&self, allowed: Allowed) -> Result<Path, CommandError> {
        let path = self.path(allowed)?;
        match &self.value {
            None => Ok(path),
            Some(Input::Text(extra)) => Err(CommandError::Extra(extra.clone())),
            Some(Input::Json(_)) => Err(CommandError::Extra("value".to_owned())),
        }
    }
}

/// The paths that a command applies to.
#[derive(Clone, Copy)]
struct Allowed {
    levels: &'static [Level],
    name: &'static str,
}

const SOMETHING: Allowed = Allowed {
    levels: &[
        Level::Object,
        Level::Instance,
        Level::Resource,
        Level::ResourceInstance,
    ],
    name: "an object, an instance or a resource",
};
const INSTANCE: Allowed = Allowed {
    levels: &[Level::Instance],
    name: "an object instance such as /3303/0",
};
const RESOURCE: Allowed = Allowed {
    levels: &[Level::Resource, Level::ResourceInstance],
    name: "a resource such as /3/0/0",
};
const EXECUTABLE: Allowed = Allowed {
    levels: &[Level::Resource],
    name: "a resource such as /3/0/0",
};

/// The first word, and what follows it without the spaces around.
fn split_word(line: &str) -> (&str, &str) {
    let line = line.trim();
    match line.split_once(char::is_whitespace) {
        Some((word, rest)) => (word, rest.trim_start()),
        None => (line, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn text(line: &str) -> Result<Command, CommandError> {
        Command::parse_text(line).map(Option::unwrap)
    }

    fn json_line(line: &str) -> Result<Command, CommandError> {
        Command::parse_json(line).map(Option::unwrap)
    }

    fn path(text: &str) -> Path {
        Path::parse(text).unwrap()
    }

    #[test]
    fn both_ways_of_writing_mean_the_same() {
        let (device, value) = (path("/3/0/15"), "Europe/Berlin ".trim().to_owned());
        let expected = [
            (
                "read /3",
                r#"{"cmd":"read","path":"/3"}"#,
                Command::Read { path: path("/3") },
            ),
            (
                "  read\t/3/0/0  ",
                r#" {"path":"/3/0/0","cmd":"read"} "#,
                Command::Read {
                    path: path("/3/0/0"),
                },
            ),
            (
                "create /3303/1",
                r#"{"cmd":"create","path":"/3303/1"}"#,
                Command::Create {
                    path: path("/3303/1"),
                },
            ),
            (
                "delete /3303/1",
                r#"{"cmd":"delete","path":"/3303/1"}"#,
                Command::Delete {
                    path: path("/3303/1"),
                },
            ),
            (
                "execute /3/0/4",
                r#"{"cmd":"execute","path":"/3/0/4"}"#,
                Command::Execute {
                    path: path("/3/0/4"),
                    arguments: String::new(),
                },
            ),
            (
                "execute /3/0/4 0='a b',1",
                r#"{"cmd":"execute","path":"/3/0/4","args":"0='a b',1"}"#,
                Command::Execute {
                    path: path("/3/0/4"),
                    arguments: "0='a b',1".to_owned(),
                },
            ),
            (
                "changed /3/0/9",
                r#"{"cmd":"changed","path":"/3/0/9"}"#,
                Command::Changed {
                    path: path("/3/0/9"),
                },
            ),
            ("update", r#"{"cmd":"update"}"#, Command::Update),
            ("deregister", r#"{"cmd":"deregister"}"#, Command::Deregister),
            ("register", r#"{"cmd":"register"}"#, Command::Register),
            ("show", r#"{"cmd":"show"}"#, Command::Show),
            ("stats", r#"{"cmd":"stats"}"#, Command::Stats),
            ("help", r#"{"cmd":"help"}"#, Command::Help),
            ("quit", r#"{"cmd":"quit"}"#, Command::Quit),
        ];
        for (plain, json, command) in expected {
            assert_eq!(text(plain), Ok(command.clone()), "{plain}");
            assert_eq!(json_line(json), Ok(command), "{json}");
        }
        assert_eq!(
            text("write /3/0/15 Europe/Berlin "),
            Ok(Command::Write {
                path: device,
                value: Input::Text(value)
            })
        );
        assert_eq!(
            json_line(r#"{"cmd":"write","path":"/3303/0/5700/1","value":22.5}"#),
            Ok(Command::Write {
                path: path("/3303/0/5700/1"),
                value: Input::Json(json!(22.5))
            })
        );
        assert_eq!(
            text("write /3/0/14 two words"),
            Ok(Command::Write {
                path: path("/3/0/14"),
                value: Input::Text("two words".to_owned())
            })
        );
    }

    #[test]
    fn empty_lines_are_nothing() {
        assert_eq!(Command::parse_text("  \t"), Ok(None));
        assert_eq!(Command::parse_json(" \r"), Ok(None));
    }

    #[test]
    fn wrong_lines_say_what_is_wrong() {
        let expected = [
            (
                "reboot",
                r#"{"cmd":"reboot"}"#,
                r#"there is no command "reboot"; see help"#,
            ),
            (
                "read",
                r#"{"cmd":"read"}"#,
                "the command needs a path such as /3/0/0",
            ),
            (
                "read 3/0",
                r#"{"cmd":"read","path":"3/0"}"#,
                r#""3/0" is not a path such as /3/0/0"#,
            ),
            (
                "read /",
                r#"{"cmd":"read","path":"/"}"#,
                "the command needs the path of an object, an instance or a resource",
            ),
            (
                "write /3/0 x",
                r#"{"cmd":"write","path":"/3/0","value":1}"#,
                "the command needs the path of a resource such as /3/0/0",
            ),
            (
                "write /3/0/0",
                r#"{"cmd":"write","path":"/3/0/0"}"#,
                "the command needs a value",
            ),
            (
                "create /3303",
                r#"{"cmd":"create","path":"/3303"}"#,
                "the command needs the path of an object instance such as /3303/0",
            ),
            (
                "execute /3/0/4/0",
                r#"{"cmd":"execute","path":"/3/0/4/0"}"#,
                "the command needs the path of a resource such as /3/0/0",
            ),
            (
                "delete /3/0 value",
                r#"{"cmd":"delete","path":"/3/0","value":1}"#,
                r#"the command does not take "value""#,
            ),
            (
                "quit path",
                r#"{"cmd":"quit","path":"/3"}"#,
                r#"the command does not take "path""#,
            ),
        ];
        for (plain, json, sentence) in expected {
            assert_eq!(text(plain).unwrap_err().to_string(), sentence, "{plain}");
            assert_eq!(json_line(json).unwrap_err().to_string(), sentence, "{json}");
        }
        let expected = [
            ("read /3/0/0", "the line is not a JSON object"),
            ("[]", "the line is not a JSON object"),
            ("{}", r#""cmd" is missing or not a string"#),
            (r#"{"cmd":1}"#, r#""cmd" is missing or not a string"#),
            (
                r#"{"cmd":"read","path":3}"#,
                r#""path" is missing or not a string"#,
            ),
            (
                r#"{"cmd":"read","pth":"/3"}"#,
                r#"the command does not take "pth""#,
            ),
        ];
        for (json, sentence) in expected {
            assert_eq!(json_line(json).unwrap_err().to_string(), sentence, "{json}");
        }
    }

    #[test]
    fn help_names_every_command() {
        for name in [
            "read",
            "write",
            "create",
            "delete",
            "execute",
            "changed",
            "update",
            "deregister",
            "register",
            "show",
            "stats",
            "help",
            "quit",
        ] {
            assert!(HELP.lines().any(|line| line.starts_with(name)), "{name}");
        }
    }
}
