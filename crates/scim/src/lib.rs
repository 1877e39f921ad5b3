//! SCIM 2.0 (RFC 7643, RFC 7644) as code: resources, schemas, filters, PATCH, paging, errors.
//!
//! Pure: it knows neither HTTP nor where users are kept.
