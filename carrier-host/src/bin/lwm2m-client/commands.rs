//! The commands of the console, carried out on the device.

use core::fmt;

use carrier_host::console::{Command, HELP, Input, Reply, TypedValue, ValueError};
use lwm2m_carrier::carrier::RequestError;
use lwm2m_carrier::driver::{Busy, Handle};
use lwm2m_core::model::{
    Arguments, Error, Object, Objects, Outcome, Path, ResourceDefinition, ValueWriter,
};

use crate::firmware::Progress;
use crate::objects::DeviceObjects;

/// Room for the longest text or opaque value.
const LONGEST_VALUE: usize = 4096;

/// Instances of a resource that are looked for.
const RESOURCE_INSTANCES: u16 = 256;

/// The key of a Security instance, which is not shown.
const SECRET_KEY: (u16, u16) = (0, 5);

/// Why a command was not carried out.
#[derive(Debug)]
pub(crate) enum Failure {
    /// There is nothing at this path.
    NotFound(Path),
    /// The value does not fit the resource's type.
    Value(ValueError),
    /// The value is out of the resource's range.
    Range,
    /// The object refuses.
    Refused(Error),
    Busy(Busy),
    /// The device does not take the request.
    Request(RequestError),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound(path) => write!(f, "there is nothing at {path}"),
            Self::Value(error) => error.fmt(f),
            Self::Range => f.write_str("the value is out of the resource's range"),
            Self::Refused(Error::MethodNotAllowed) => {
                f.write_str("the command does not apply to this path")
            }
            Self::Refused(Error::BadRequest) => {
                f.write_str("the device does not take this value, argument or id")
            }
            Self::Refused(error) => error.fmt(f),
            Self::Busy(busy) => busy.fmt(f),
            Self::Request(error) => error.fmt(f),
        }
    }
}

impl From<Busy> for Failure {
    fn from(busy: Busy) -> Self {
        Self::Busy(busy)
    }
}

impl From<RequestError> for Failure {
    fn from(error: RequestError) -> Self {
        Self::Request(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// Carries out a command other than `quit`.
pub(crate) fn carry_out(
    handle: Handle<'_, '_, DeviceObjects>,
    firmware: &Progress,
    command: &Command,
) -> Result<Reply, Failure> {
    match command {
        Command::Read { path } => handle.with_objects(|objects| read(objects, path))?,
        Command::Write { path, value } => {
            handle.with_objects(|objects| write(objects, path, value))??;
            handle.changed(*path)?;
            Ok(Reply::done())
        }
        Command::Create { path } => {
            handle.with_objects(|objects| create(objects, path))??;
            handle.changed(*path)?;
            handle.update(true)?;
            Ok(Reply::done())
        }
        Command::Delete { path } => {
            handle.with_objects(|objects| delete(objects, path))??;
            handle.changed(*path)?;
            handle.update(true)?;
            Ok(Reply::done())
        }
        Command::Execute { path, arguments } => {
            handle.with_objects(|objects| execute(objects, path, arguments))??;
            match path.ids() {
                [3, 0, 4] => handle.reboot()?,
                [3, 0, 5] => handle.factory_reset()?,
                [object, instance, _] => handle.changed(Path::instance(*object, *instance))?,
                _ => {}
            }
            Ok(Reply::done())
        }
        Command::Changed { path } => {
            handle.changed(*path)?;
            Ok(Reply::done())
        }
        Command::Update => {
            handle.update(false)?;
            Ok(Reply::done())
        }
        Command::Deregister => {
            handle.deregister()?;
            Ok(Reply::done())
        }
        Command::Register => {
            handle.register()?;
            Ok(Reply::done())
        }
        Command::Show => show(handle),
        Command::Firmware => Ok(firmware.show()),
        Command::Stats => Ok(Reply::statistics(&handle.statistics()?)),
        _ => Ok(Reply::text(HELP)),
    }
}

/// The instances of an object.
fn instances(object: &dyn Object) -> impl Iterator<Item = u16> {
    core::iter::successors(object.next_instance(None), |&id| {
        object.next_instance(Some(id))
    })
}

fn object<'o>(objects: &'o DeviceObjects, path: &Path) -> Result<&'o dyn Object, Failure> {
    let object = path.object_id().and_then(|id| objects.object(id));
    object.ok_or(Failure::NotFound(*path))
}

/// Every value at and below `path`, but no keys.
fn read(objects: &DeviceObjects, path: &Path) -> Result<Reply, Failure> {
    let object = object(objects, path)?;
    let definition = object.definition();
    let mut reply = Reply::members();
    let mut found = path.instance_id().is_none();
    for instance in instances(object) {
        if path.instance_id().is_some_and(|wanted| wanted != instance) {
            continue;
        }
        found |= path.resource_id().is_none();
        for resource in definition.resources {
            if path
                .resource_id()
                .is_some_and(|wanted| wanted != resource.id)
                || resource.operations().is_executable()
                || (definition.id, resource.id) == SECRET_KEY
                || !object.has_resource(instance, resource.id)
            {
                continue;
            }
            let at = Path::resource(definition.id, instance, resource.id);
            found |= read_resource(object, resource, &at, path, &mut reply);
        }
    }
    if found {
        Ok(reply)
    } else {
        Err(Failure::NotFound(*path))
    }
}

/// Adds the values of the resource `at` that `wanted` asks for; whether there was one.
fn read_resource(
    object: &dyn Object,
    resource: &ResourceDefinition,
    at: &Path,
    wanted: &Path,
    reply: &mut Reply,
) -> bool {
    let instance = at.instance_id().unwrap_or_default();
    let mut found = false;
    let mut buffer = vec![0; LONGEST_VALUE];
    let mut add = |mut out: ValueWriter<'_>, path: Path| {
        if object.read(instance, resource.id, &mut out).is_ok()
            && let Some(value) = out.captured()
        {
            reply.value(&path, &value);
            found = true;
        }
    };
    if resource.is_multiple() {
        for id in 0..RESOURCE_INSTANCES {
            let path = Path::resource_instance(
                at.object_id().unwrap_or_default(),
                instance,
                resource.id,
                id,
            );
            if wanted
                .resource_instance_id()
                .is_none_or(|wanted| wanted == id)
            {
                add(ValueWriter::capturing_instance(&mut buffer, id), path);
            }
        }
    } else if wanted.resource_instance_id().is_none() {
        add(ValueWriter::capturing(&mut buffer), *at);
    }
    found
}

fn write(objects: &mut DeviceObjects, path: &Path, input: &Input) -> Result<(), Failure> {
    let object = object(objects, path)?;
    let resource = path
        .resource_id()
        .and_then(|id| object.definition().resource(id))
        .ok_or(Failure::NotFound(*path))?;
    if !path.instance_id().is_some_and(|id| object.has_instance(id)) {
        return Err(Failure::NotFound(*path));
    }
    let value = TypedValue::parse(resource.data_type, input).map_err(Failure::Value)?;
    if !resource.takes(&value.as_value()) {
        return Err(Failure::Range);
    }
    Ok(objects.set(path, &value)?)
}

/// Objects 0 and 1 are the servers' business.
fn own_object<'o>(
    objects: &'o mut DeviceObjects,
    path: &Path,
) -> Result<(&'o mut dyn Object, u16), Failure> {
    match (path.object_id(), path.instance_id()) {
        (Some(0 | 1), _) => Err(Failure::Refused(Error::MethodNotAllowed)),
        (Some(object), Some(instance)) => {
            let object = objects.object_mut(object);
            Ok((object.ok_or(Failure::NotFound(*path))?, instance))
        }
        _ => Err(Failure::NotFound(*path)),
    }
}

fn create(objects: &mut DeviceObjects, path: &Path) -> Result<(), Failure> {
    let (object, instance) = own_object(objects, path)?;
    object.check_create(instance)?;
    Ok(object.create(instance)?)
}

fn delete(objects: &mut DeviceObjects, path: &Path) -> Result<(), Failure> {
    let (object, instance) = own_object(objects, path)?;
    if !object.has_instance(instance) {
        return Err(Failure::NotFound(*path));
    }
    Ok(object.delete(instance)?)
}

fn execute(objects: &mut DeviceObjects, path: &Path, arguments: &str) -> Result<(), Failure> {
    let (object, instance) = own_object(objects, path)?;
    let resource = path.resource_id().ok_or(Failure::NotFound(*path))?;
    let executable = object
        .definition()
        .resource(resource)
        .is_some_and(|resource| resource.operations().is_executable());
    if !object.has_instance(instance) || !object.has_resource(instance, resource) {
        return Err(Failure::NotFound(*path));
    }
    if !executable {
        return Err(Failure::Refused(Error::MethodNotAllowed));
    }
    let arguments = Arguments::parse(arguments.as_bytes())?;
    match object.execute(instance, resource, arguments)? {
        Outcome::Done | Outcome::AfterResponse => Ok(()),
        _ => Err(Failure::Refused(Error::Busy)),
    }
}

/// Servers with their registrations, objects, and starts.
fn show(handle: Handle<'_, '_, DeviceObjects>) -> Result<Reply, Failure> {
    let mut reply = Reply::members();
    let servers = handle.with_objects(|objects| {
        let accounts = instances(&objects.security).filter_map(|id| objects.security.get(id));
        let servers = accounts.map(|account| (account.uri.to_owned(), account.short_server_id));
        servers.collect::<Vec<_>>()
    })?;
    for (uri, id) in servers {
        match id {
            None => reply.member("bootstrap server", uri),
            Some(id) => {
                let registered = handle.is_registered(id)?;
                let state = if registered {
                    "registered"
                } else {
                    "not registered"
                };
                reply.member(&format!("server {id}"), format!("{uri}, {state}"));
            }
        }
    }
    let objects = handle.with_objects(|objects| {
        let ids = core::iter::successors(objects.next_object(None), |&id| {
            objects.next_object(Some(id))
        });
        let paths = ids.filter_map(|id| objects.object(id)).flat_map(|object| {
            let id = object.definition().id;
            instances(object).map(move |instance| Path::instance(id, instance).to_string())
        });
        paths.collect::<Vec<_>>().join(" ")
    })?;
    reply.member("objects", objects);
    reply.member("starts", handle.boots()?);
    Ok(reply)
}
