//! The tables. Names and rules are RFC 7643's (§3.1, §4.1 to §4.3, §8.7.1); descriptions are ours.

use super::{Attribute, Mutability, Returned, ValueKind};

const fn attribute(name: &'static str, kind: ValueKind, description: &'static str) -> Attribute {
    Attribute {
        name,
        description,
        kind,
        multi: false,
        required: false,
        case_exact: false,
        mutability: Mutability::ReadWrite,
        returned: Returned::Default,
        unique: false,
        canonical: &[],
        references: &[],
        sub: &[],
    }
}

const fn text(name: &'static str, description: &'static str) -> Attribute {
    attribute(name, ValueKind::String, description)
}

const fn complex(name: &'static str, description: &'static str, sub: &'static [Attribute]) -> Attribute {
    Attribute { sub, ..attribute(name, ValueKind::Complex, description) }
}

const fn several(name: &'static str, description: &'static str, sub: &'static [Attribute]) -> Attribute {
    Attribute { multi: true, ..complex(name, description, sub) }
}

const fn reference(
    name: &'static str,
    description: &'static str,
    references: &'static [&'static str],
) -> Attribute {
    Attribute { references, case_exact: true, ..attribute(name, ValueKind::Reference, description) }
}

const fn server_sets(attribute: Attribute) -> Attribute {
    Attribute { mutability: Mutability::ReadOnly, ..attribute }
}

const fn set_once(attribute: Attribute) -> Attribute {
    Attribute { mutability: Mutability::Immutable, ..attribute }
}

const fn kind_of(canonical: &'static [&'static str]) -> Attribute {
    Attribute { canonical, ..text("type", "What it is for") }
}

const DISPLAY: Attribute = text("display", "For people");
const PRIMARY: Attribute = attribute("primary", ValueKind::Boolean, "Whether it is the preferred one");
const VALUE: Attribute = text("value", "The value");

/// What every resource has (RFC 7643 §3.1).
pub(crate) const COMMON: &[Attribute] = &[
    Attribute {
        multi: true,
        returned: Returned::Always,
        ..server_sets(reference("schemas", "The schemas", &["uri"]))
    },
    Attribute {
        case_exact: true,
        returned: Returned::Always,
        unique: true,
        ..server_sets(text("id", "The id that the server gave"))
    },
    Attribute { case_exact: true, ..text("externalId", "The id that the client knows it by") },
    server_sets(complex(
        "meta",
        "What the server knows about it",
        &[
            Attribute { case_exact: true, ..server_sets(text("resourceType", "What it is")) },
            server_sets(attribute("created", ValueKind::DateTime, "When it was made")),
            server_sets(attribute("lastModified", ValueKind::DateTime, "When it was last changed")),
            server_sets(reference("location", "Its address", &["uri"])),
            Attribute { case_exact: true, ..server_sets(text("version", "Its ETag")) },
        ],
    )),
];

pub(super) const USER: &[Attribute] = &[
    Attribute { required: true, unique: true, ..text("userName", "The name that somebody goes by") },
    complex(
        "name",
        "The parts of a person's name",
        &[
            text("formatted", "The whole name"),
            text("familyName", "The family name"),
            text("givenName", "The given name"),
            text("middleName", "Names in between"),
            text("honorificPrefix", "What stands before the name"),
            text("honorificSuffix", "What stands after the name"),
        ],
    ),
    text("displayName", "What to call somebody"),
    text("nickName", "What friends call somebody"),
    reference("profileUrl", "A page about somebody", &["external"]),
    text("title", "The title, such as Vice President"),
    text("userType", "How somebody belongs to the organisation"),
    text("preferredLanguage", "The languages preferred, as in Accept-Language"),
    text("locale", "How numbers and dates are written"),
    text("timezone", "The time zone, as in the IANA database"),
    attribute("active", ValueKind::Boolean, "Whether somebody may come in; false ends sessions and tokens"),
    Attribute {
        returned: Returned::Never,
        ..server_sets(text("password", "Not taken from here: people choose one themselves, or have none"))
    },
    several(
        "emails",
        "E-mail addresses; the primary one, or else the one for work, is what somebody signs in with",
        &[VALUE, DISPLAY, kind_of(&["work", "home", "other"]), PRIMARY],
    ),
    several(
        "phoneNumbers",
        "Telephone numbers",
        &[VALUE, DISPLAY, kind_of(&["work", "home", "mobile", "fax", "pager", "other"]), PRIMARY],
    ),
    several(
        "ims",
        "Instant messaging addresses",
        &[VALUE, DISPLAY, kind_of(&["aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"]), PRIMARY],
    ),
    several(
        "photos",
        "Pictures",
        &[
            reference("value", "The address of the picture", &["external"]),
            DISPLAY,
            kind_of(&["photo", "thumbnail"]),
            PRIMARY,
        ],
    ),
    several(
        "addresses",
        "Postal addresses",
        &[
            text("formatted", "The whole address"),
            text("streetAddress", "Street and number"),
            text("locality", "Town"),
            text("region", "State or region"),
            text("postalCode", "Postal code"),
            text("country", "Country, in two letters"),
            kind_of(&["work", "home", "other"]),
            PRIMARY,
        ],
    ),
    Attribute {
        mutability: Mutability::ReadOnly,
        ..several(
            "groups",
            "The groups that somebody is in; changed through the groups",
            &[
                server_sets(text("value", "The group's id")),
                server_sets(reference("$ref", "The group's address", &["Group"])),
                server_sets(DISPLAY),
                server_sets(kind_of(&["direct"])),
            ],
        )
    },
    several(
        "entitlements",
        "What somebody is entitled to elsewhere",
        &[VALUE, DISPLAY, kind_of(&[]), PRIMARY],
    ),
    several("roles", "What somebody is elsewhere", &[VALUE, DISPLAY, kind_of(&[]), PRIMARY]),
    several(
        "x509Certificates",
        "Certificates",
        &[
            Attribute {
                case_exact: true,
                ..attribute("value", ValueKind::Binary, "A DER certificate in Base64")
            },
            DISPLAY,
            kind_of(&[]),
            PRIMARY,
        ],
    ),
];

pub(super) const GROUP: &[Attribute] = &[
    Attribute { required: true, ..text("displayName", "What the group is called") },
    several(
        "members",
        "Who is in it",
        &[
            Attribute { case_exact: true, ..set_once(text("value", "The user's id")) },
            set_once(reference("$ref", "The user's address", &["User"])),
            set_once(kind_of(&["User"])),
            server_sets(DISPLAY),
        ],
    ),
];

pub(super) const ENTERPRISE: &[Attribute] = &[
    text("employeeNumber", "What the organisation counts somebody by"),
    text("costCenter", "Who pays"),
    text("organization", "The organisation"),
    text("division", "The division"),
    text("department", "The department"),
    complex(
        "manager",
        "Who manages somebody",
        &[
            Attribute { case_exact: true, ..text("value", "The manager's id") },
            reference("$ref", "The manager's address", &["User"]),
            server_sets(text("displayName", "What to call the manager")),
        ],
    ),
];
