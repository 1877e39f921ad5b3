//! Names, regions, resources and tags of AWS line items.

use super::super::lookup;
use super::super::native::{Names, Native, cell, key_of, texts};
use super::{Line, Lines};
use crate::canonical::{string_column, tags_column};
use arrow::array::{Array, ArrayRef, AsArray, StringArray, StringBuilder};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A unit as FOCUS UnitFormat spells it, for the spellings AWS has most; others stay.
pub(super) fn unit(native: &str) -> &str {
    match native {
        "Hrs" | "hours" | "Hour" | "hour" | "hrs" => "Hours",
        "GB-Mo" | "GB-month" | "GB-Month" | "GigaBytes-Mo" => "GB-Months",
        "Request" | "request" | "requests" => "Requests",
        "Second" | "seconds" | "second" | "Lambda-Second" => "Seconds",
        "Lambda-GB-Second" | "GB-Seconds" | "GB-seconds" => "GB-Seconds",
        "GigaBytes" | "Gigabytes" => "GB",
        "IOPS-Mo" => "IOPS-Months",
        "vCPU-Hours" | "vCPU-hour" => "vCPU-Hours",
        "GB-Hrs" | "GB-hours" => "GB-Hours",
        "Quantity" | "Count" | "quantity" => "Units",
        other => other,
    }
}

pub(super) fn description(native: &Native<'_>, shared: &Lines) -> ArrayRef {
    let text = native.text("lineitemlineitemdescription");
    if !(0..native.rows()).any(|row| shared.second(row)) {
        return Arc::new(text);
    }
    let mut column = StringBuilder::with_capacity(text.len(), text.value_data().len());
    for row in 0..text.len() {
        match cell(&text, row) {
            Some(text) if shared.second(row) => column.append_value(format!("Unused: {text}")),
            other => column.append_option(other),
        }
    }
    Arc::new(column.finish())
}

/// A product attribute: its own column, or an entry of the `product` map of CUR 2.0.
fn product(native: &Native<'_>, column: &'static str, entry: &'static str) -> StringArray {
    if native.names().has(column) {
        return native.text(column);
    }
    native.entries("product", &[entry]).pop().unwrap_or_else(|| native.no_text())
}

pub(super) fn region_id(native: &Native<'_>) -> ArrayRef {
    let code = product(native, "productregioncode", "regioncode");
    let region = product(native, "productregion", "region");
    super::either(&code, &region)
}

pub(super) fn region_name(native: &Native<'_>) -> ArrayRef {
    let location = product(native, "productlocation", "location");
    let kind = product(native, "productlocationtype", "locationtype");
    let (code, region) =
        (product(native, "productregioncode", "regioncode"), product(native, "productregion", "region"));
    texts(native.rows(), |row| {
        let id = cell(&code, row).or_else(|| cell(&region, row))?;
        let own = cell(&location, row).filter(|_| cell(&kind, row).is_none_or(|kind| kind == "AWS Region"));
        // Data transfer has no location of its own: its region is still a region.
        own.or_else(|| lookup::aws_region(id)).or(Some(id))
    })
}

pub(super) fn service_name(native: &Native<'_>) -> ArrayRef {
    let name = product(native, "productproductname", "productname");
    let service = product(native, "productservicename", "servicename");
    let code = native.text("lineitemproductcode");
    texts(native.rows(), |row| {
        cell(&name, row).or_else(|| cell(&service, row)).or_else(|| cell(&code, row)).or(Some("AWS"))
    })
}

/// The resource's `Name` tag: AWS has no other display name.
pub(super) fn resource_name(native: &Native<'_>) -> ArrayRef {
    let resource = native.text("lineitemresourceid");
    let own = ["resourcetagsusername"].into_iter().find(|key| native.names().has(key));
    let name = match own {
        Some(key) => native.text(key),
        None => native.entries("resourcetags", &["username"]).pop().unwrap_or_else(|| native.no_text()),
    };
    texts(native.rows(), |row| cell(&resource, row).and_then(|_| cell(&name, row)))
}

pub(super) fn resource_type(native: &Native<'_>) -> ArrayRef {
    let resource = native.text("lineitemresourceid");
    let family = product(native, "productproductfamily", "productfamily");
    texts(native.rows(), |row| {
        let id = cell(&resource, row)?;
        type_of(id).or_else(|| cell(&family, row)).or(Some("resource"))
    })
}

/// The type in an ARN (`arn:partition:service:region:account:type/id` or `…:type:id`), or of the
/// well-known bare ids of EC2.
fn type_of(id: &str) -> Option<&str> {
    if !id.starts_with("arn:") {
        return match id.split_once('-')?.0 {
            "i" => Some("instance"),
            "vol" => Some("volume"),
            "snap" => Some("snapshot"),
            "eni" => Some("network-interface"),
            "nat" => Some("natgateway"),
            _ => None,
        };
    }
    let mut parts = id.splitn(6, ':').skip(2);
    let service = parts.next()?;
    let rest = parts.nth(2)?;
    match rest.split_once(['/', ':']) {
        Some((kind, _)) if !kind.is_empty() => Some(kind),
        _ => Some(match service {
            "s3" => "bucket",
            "sqs" => "queue",
            "sns" => "topic",
            _ => return None,
        }),
    }
}

pub(super) fn sku(name: &str, native: &Native<'_>, shared: &Lines) -> ArrayRef {
    let sku = product(native, "productsku", "sku");
    let code = native.text("pricingratecode");
    let id = native.text("pricingrateid");
    let usage_type = native.text("lineitemusagetype");
    let bare = |row: usize| matches!(shared.lines[row], Line::Tax | Line::Credit);
    // A rate code starts with its SKU: purchases have the one without the other.
    let sku_of = |row| cell(&sku, row).or_else(|| cell(&code, row)?.split('.').next());
    texts(native.rows(), |row| {
        if bare(row) {
            return None;
        }
        match name {
            "SkuId" => sku_of(row),
            "SkuPriceId" => cell(&code, row).or_else(|| cell(&id, row)).or_else(|| sku_of(row)),
            _ => sku_of(row).and_then(|_| cell(&usage_type, row)),
        }
    })
}

/// Whether the file has columns of a group: `resourceTags/…`, `resource_tags_…` or `resource_tags`.
pub(super) fn has_group(names: &Names, slash: &str, snake: &str) -> bool {
    names.has(snake) || names.all().iter().any(|name| member(name, slash, snake).is_some())
}

/// The part of a column name after its group.
fn member<'n>(name: &'n str, slash: &str, snake: &str) -> Option<&'n str> {
    let rest = name.strip_prefix(slash).or_else(|| name.strip_prefix(snake)?.strip_prefix('_'))?;
    (!rest.is_empty()).then_some(rest)
}

/// Tag keys without the provider's mark of user tags; `aws:` tags keep theirs.
fn user_key(key: &str) -> Cow<'_, str> {
    Cow::Borrowed(key.strip_prefix("user:").or_else(|| key.strip_prefix("user_")).unwrap_or(key))
}

pub(super) fn tags(native: &Native<'_>, _cur2: bool) -> ArrayRef {
    group(native, "resourceTags/", "resource_tags", &user_key)
}

/// A group of columns, or one map column, as one JSON object per row.
pub(super) fn group(
    native: &Native<'_>,
    slash: &str,
    snake: &'static str,
    rename: &dyn Fn(&str) -> Cow<'_, str>,
) -> ArrayRef {
    if native.names().has(snake) {
        let key = key_of(snake);
        let Some(array) = native.array(&key) else { return Arc::new(native.no_text()) };
        return renamed(&tags_column(snake, &array).array, rename);
    }
    let mut columns = Vec::new();
    for name in native.names().all() {
        let Some(key) = member(name, slash, snake) else { continue };
        if let Some(array) = native.named(name) {
            let mut shown = String::new();
            push_json(&mut shown, &rename(key));
            columns.push((shown, string_column(name, &array).array));
        }
    }
    let columns: Vec<(String, &StringArray)> =
        columns.iter().map(|(key, array)| (key.clone(), array.as_string::<i32>())).collect();
    let mut out = StringBuilder::with_capacity(native.rows(), native.rows() * 16);
    let mut object = String::new();
    for row in 0..native.rows() {
        object.clear();
        for (key, column) in &columns {
            if let Some(value) = cell(column, row) {
                object.push(if object.is_empty() { '{' } else { ',' });
                object.push_str(key);
                object.push(':');
                push_json(&mut object, value);
            }
        }
        if object.is_empty() {
            out.append_null();
        } else {
            object.push('}');
            out.append_value(&object);
        }
    }
    Arc::new(out.finish())
}

/// A map column as JSON text.
pub(super) fn map_json(native: &Native<'_>, key: &'static str) -> StringArray {
    match native.array(key) {
        Some(array) => tags_column(key, &array).array.as_string::<i32>().clone(),
        None => native.no_text(),
    }
}

/// JSON objects with their keys renamed; empty objects become NULL.
fn renamed(objects: &ArrayRef, rename: &dyn Fn(&str) -> Cow<'_, str>) -> ArrayRef {
    let objects = objects.as_string::<i32>();
    let mut out = StringBuilder::with_capacity(objects.len(), objects.value_data().len());
    let mut last: Option<(&str, Option<String>)> = None;
    for cell in objects {
        let Some(text) = cell else {
            out.append_null();
            continue;
        };
        if last.as_ref().is_none_or(|(known, _)| *known != text) {
            last = Some((text, rename_keys(text, rename)));
        }
        out.append_option(last.as_ref().and_then(|(_, shown)| shown.as_deref()));
    }
    Arc::new(out.finish())
}

fn rename_keys(text: &str, rename: &dyn Fn(&str) -> Cow<'_, str>) -> Option<String> {
    // Sorted, whatever order serde_json keeps: equal tags are equal texts.
    let object = serde_json::from_str::<BTreeMap<String, serde_json::Value>>(text).ok()?;
    let mut shown = String::with_capacity(text.len());
    for (key, value) in &object {
        // AWS writes every known key with an empty value in some map columns.
        if value.as_str().is_some_and(str::is_empty) || value.is_null() {
            continue;
        }
        shown.push(if shown.is_empty() { '{' } else { ',' });
        push_json(&mut shown, &rename(key));
        shown.push(':');
        shown.push_str(&value.to_string());
    }
    if shown.is_empty() {
        return None;
    }
    shown.push('}');
    Some(shown)
}

/// A JSON string.
pub(in super::super) fn push_json(out: &mut String, text: &str) {
    if text.bytes().any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        out.push_str(&serde_json::Value::String(text.to_owned()).to_string());
    } else {
        out.push('"');
        out.push_str(text);
        out.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_resources() {
        for (id, kind) in [
            ("arn:aws:ec2:us-east-1:1:instance/i-0", Some("instance")),
            ("arn:aws:rds:us-east-1:1:db:main", Some("db")),
            ("arn:aws:s3:::my-bucket", Some("bucket")),
            ("arn:aws:sqs:us-west-2:1:jobs", Some("queue")),
            ("i-0123", Some("instance")),
            ("my-bucket", None),
        ] {
            assert_eq!(type_of(id), kind, "{id}");
        }
    }

    #[test]
    fn user_tags_lose_their_mark() {
        assert_eq!(user_key("user:team"), "team");
        assert_eq!(user_key("user_team"), "team");
        assert_eq!(user_key("aws:createdBy"), "aws:createdBy");
    }
}
