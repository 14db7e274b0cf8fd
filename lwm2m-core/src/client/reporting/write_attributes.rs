//! Write-Attributes (Core 1.1.1, section 6.3.4).

use super::attributes::AttributeSet;
use crate::client::management::{definition_in, locate};
use crate::client::request::Request;
use crate::client::{Client, Context};
use crate::model::{DataType, Error, Level, Path};
use crate::wire::coap::option;

impl Client<'_> {
    /// Takes over the attributes in the Uri-Query of a request: all, or none.
    pub(in crate::client) fn write_attributes(
        &mut self,
        index: usize,
        path: Path,
        request: &Request<'_>,
        cx: &Context<'_>,
    ) -> Result<(), Error> {
        if path.level() == Level::Root {
            return Err(Error::MethodNotAllowed);
        }
        let object = locate(cx.objects, path)?;
        let mut data_type = DataType::None;
        if path.level() >= Level::Resource {
            let definition = definition_in(object, path)?;
            // They belong to what can be read, and is there (Core 1.1.1, section 5.1.2).
            if !definition.operations().is_readable() {
                return Err(Error::MethodNotAllowed);
            }
            if !object.has_resource(path.instance_id().unwrap_or(0), definition.id)
                || (path.level() == Level::ResourceInstance && !definition.is_multiple())
            {
                return Err(Error::NotFound);
            }
            data_type = definition.data_type;
        }
        let connection = self.connections.get(index).ok_or(Error::Internal)?;
        let server = connection.short_id;
        let mut values = *self.attributes_of(connection).at(path);
        for item in request
            .message
            .options()
            .filter(|item| item.number == option::URI_QUERY)
        {
            values.set(item.value)?;
        }
        let is_numeric = matches!(
            data_type,
            DataType::Integer | DataType::Unsigned | DataType::Float
        );
        if !values.is_consistent() || values.has_thresholds() && !is_numeric {
            return Err(Error::BadRequest);
        }
        let own = |set: &AttributeSet| set.server == server && set.path == path;
        let slot = self.attributes.iter().position(own);
        let slot = slot.or_else(|| self.attributes.iter().position(|set| set.server == 0));
        let slot = slot
            .and_then(|slot| self.attributes.get_mut(slot))
            .ok_or(Error::Internal)?;
        // A set without attributes makes room.
        slot.server = if values.is_empty() { 0 } else { server };
        slot.path = path;
        slot.values = values;
        self.periods_changed();
        Ok(())
    }

    /// The attributes of a server go with its account.
    pub(in crate::client) fn forget_attributes_without_account(&mut self) {
        for set in self.attributes.iter_mut() {
            if !self
                .connections
                .iter()
                .any(|connection| connection.used && connection.short_id == set.server)
            {
                *set = AttributeSet::UNUSED;
            }
        }
    }
}
