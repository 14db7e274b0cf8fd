//! What LwM2M 1.1 permits of objects whose registry files are newer.
//!
//! A server knows an object by its version. A table that is offered in a version must not carry what came later, so
//! the registry's newest file is cut back to the version that Core 1.1.1 lists for the enabler.

use super::registry::{Object, Range};

/// How the registry's file differs from the version that is offered.
struct Restriction {
    object: u16,
    /// The object version under LwM2M 1.1, which goes without `ver=` when registering.
    version: (u8, u8),
    /// Resources with higher ids came with later versions.
    last_resource: u16,
    /// Resources without operations in this version.
    without_operations: &'static [u16],
    /// Resources that are not range-checked.
    without_range: &'static [u16],
    /// Resources with fewer values in this version.
    ranges: &'static [(u16, Range)],
}

const RESTRICTIONS: &[Restriction] = &[
    // Version 1.2 added 18 to 30: TLS 1.3, secondary URI, MQTT, COSE, RDS. Bootstrap servers write empty opaque values
    // to 7 and 8 and any mode to 6 where SMS is not used, so the SMS resources take every value.
    Restriction {
        object: 0,
        version: (1, 1),
        last_resource: 17,
        without_operations: &[],
        without_range: &[6, 7, 8, 9],
        ranges: &[],
    },
    // Version 1.2 added 24 to 27, and lets servers read and write 13 to 20, which version 1.1 leaves to the bootstrap
    // interface.
    Restriction {
        object: 1,
        version: (1, 1),
        last_resource: 23,
        without_operations: &[13, 14, 15, 16, 17, 18, 19, 20],
        without_range: &[],
        ranges: &[],
    },
    // Version 1.2 has the resources of version 1.1.
    Restriction {
        object: 3,
        version: (1, 1),
        last_resource: 22,
        without_operations: &[],
        without_range: &[],
        ranges: &[],
    },
    // LwM2M 1.1 lists version 1.2; version 1.3 added 13, Coverage Enhancement Level.
    Restriction {
        object: 4,
        version: (1, 2),
        last_resource: 12,
        without_operations: &[],
        without_range: &[],
        ranges: &[],
    },
    // LwM2M 1.1 lists version 1.0; later versions added 10 to 14 and the results 10 (cancelled) and 11 (deferred).
    Restriction {
        object: 5,
        version: (1, 0),
        last_resource: 9,
        without_operations: &[],
        without_range: &[],
        ranges: &[(5, Range::Number(0, 9))],
    },
    // The 32 bytes that the registry gives description and format are the most that they may have, not the number.
    Restriction {
        object: 19,
        version: (1, 0),
        last_resource: 5,
        without_operations: &[],
        without_range: &[3, 4],
        ranges: &[],
    },
];

/// Cuts `object` back to what LwM2M 1.1 permits.
pub(crate) fn restrict(object: &mut Object) {
    let Some(restriction) = RESTRICTIONS.iter().find(|entry| entry.object == object.id) else {
        return;
    };
    object.version = restriction.version;
    object
        .resources
        .retain(|resource| resource.id <= restriction.last_resource);
    for resource in &mut object.resources {
        if restriction.without_operations.contains(&resource.id) {
            resource.operations = "NONE";
        }
        if restriction.without_range.contains(&resource.id) {
            resource.range = Range::Any;
        }
        for &(id, range) in restriction.ranges {
            if id == resource.id {
                resource.range = range;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::registry;

    /// The object of a registry file, cut back.
    fn restricted(xml: &str) -> Object {
        let mut object = registry::parse(xml).unwrap();
        restrict(&mut object);
        object
    }

    /// The ids and counts are those of the registry's files 0-1_1, 1-1_1, 3-1_1 and 5-1_0, and the
    /// results of 5 those of Core 1.1.1, appendix E.6.
    #[test]
    fn only_what_the_enabler_permits_is_left() {
        let security = restricted(include_str!("../../oma/0.xml"));
        assert_eq!((security.version, security.resources.len()), ((1, 1), 18));
        let server = restricted(include_str!("../../oma/1.xml"));
        assert_eq!((server.version, server.resources.len()), ((1, 1), 24));
        assert_eq!(server.resources[17].operations, "NONE");
        assert_eq!(server.resources[23].operations, "RW");
        let device = restricted(include_str!("../../oma/3.xml"));
        assert_eq!((device.version, device.resources.len()), ((1, 1), 23));
        let firmware = restricted(include_str!("../../oma/5.xml"));
        assert_eq!((firmware.version, firmware.resources.len()), ((1, 0), 9));
        assert_eq!(firmware.resources[4].range, Range::Number(0, 9));
    }

    #[test]
    fn objects_of_their_own_version_are_left_alone() {
        let temperature = restricted(include_str!("../../oma/3303.xml"));
        assert_eq!(
            (temperature.version, temperature.resources.len()),
            ((1, 1), 12)
        );
    }
}
