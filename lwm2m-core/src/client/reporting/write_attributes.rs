//! Write-Attributes (Core 1.1.1, section 6.3.4).

use super::attributes::{AttributeSet, Values};
use crate::client::management::{definition_of, locate};
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
        locate(cx.objects, path)?;
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
        if !values.is_consistent() {
            return Err(Error::BadRequest);
        }
        let numeric = if path.level() >= Level::Resource {
            let definition = definition_of(cx.objects, path)?;
            matches!(
                definition.data_type,
                DataType::Integer | DataType::Unsigned | DataType::Float
            )
        } else {
            false
        };
        if values.has_thresholds() && !numeric {
            return Err(Error::BadRequest);
        }
        let own = |set: &AttributeSet| set.server == server && set.path == path;
        let slot = self.attributes.iter().position(own);
        let slot = slot.or_else(|| self.attributes.iter().position(|set| set.server == 0));
        let slot = slot
            .and_then(|slot| self.attributes.get_mut(slot))
            .ok_or(Error::Internal)?;
        // A set without attributes makes room.
        *slot = if values == Values::NONE {
            AttributeSet::UNUSED
        } else {
            AttributeSet {
                server,
                path,
                values,
            }
        };
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
