//! Compares the definition of the plugin protocol with the facts about it: `proto/tfplugin6-fields.csv` lists every
//! message, field, tag, type, enum value and RPC that hosts know.
#![expect(clippy::unwrap_used, reason = "unwrap is for tests")]

use std::collections::BTreeSet;

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto};

#[test]
fn the_definition_matches_the_facts() {
    let folder = xtask::root().join("crates/tfkit-serve/proto");
    let facts: BTreeSet<String> = std::fs::read_to_string(folder.join("tfplugin6-fields.csv"))
        .unwrap()
        .lines()
        .skip(1)
        // The last column is the first version; the definition does not contain it.
        .map(|line| line.rsplit_once(',').unwrap().0.replace('"', ""))
        .collect();
    let files = protox::compile(["tfplugin6.proto"], [&folder]).unwrap().file;
    let definition = files.iter().find(|file| file.package() == "tfplugin6").unwrap();
    let defined = rows(definition);

    let missing: Vec<_> = facts.difference(&defined).collect();
    let unknown: Vec<_> = defined.difference(&facts).collect();
    assert!(missing.is_empty() && unknown.is_empty(), "missing {missing:#?}, unknown {unknown:#?}");
    let count = |part: &str| facts.iter().filter(|row| row.starts_with(part)).count();
    assert_eq!(count("service Provider,"), 36);
}

/// Converts a definition to rows of the table.
fn rows(file: &FileDescriptorProto) -> BTreeSet<String> {
    let mut rows = BTreeSet::new();
    for kind in &file.enum_type {
        enumeration(kind.name(), kind, &mut rows);
    }
    for kind in &file.message_type {
        message(kind.name(), kind, &mut rows);
    }
    for service in &file.service {
        for call in &service.method {
            let stream = |streams| if streams { "stream " } else { "" };
            let (sends, answers) = (call.client_streaming(), call.server_streaming());
            let shape = match (sends, answers) {
                (false, false) => "unary",
                (false, true) => "server_streaming",
                (true, false) => "client_streaming",
                (true, true) => "bidirectional",
            };
            rows.insert(format!(
                "service {},{},,rpc ({}{}) -> ({}{}),{shape},",
                service.name(),
                call.name(),
                stream(sends),
                local(call.input_type()),
                stream(answers),
                local(call.output_type()),
            ));
        }
    }
    rows
}

fn message(name: &str, kind: &DescriptorProto, rows: &mut BTreeSet<String>) {
    let maps =
        |inner: &DescriptorProto| inner.options.as_ref().is_some_and(prost_types::MessageOptions::map_entry);
    for inner in kind.nested_type.iter().filter(|inner| !maps(inner)) {
        message(&format!("{name}.{}", inner.name()), inner, rows);
    }
    for inner in &kind.enum_type {
        enumeration(&format!("{name}.{}", inner.name()), inner, rows);
    }
    if kind.field.is_empty() && kind.enum_type.is_empty() {
        let form = if kind.nested_type.is_empty() { "message" } else { "namespace" };
        rows.insert(format!("{name},,,{form},empty,"));
    }
    for field in &kind.field {
        let entry =
            kind.nested_type.iter().find(|inner| maps(inner) && field.type_name().ends_with(inner.name()));
        let (ty, label) = match entry {
            Some(entry) => (format!("map<{},{}>", ty(&entry.field[0]), ty(&entry.field[1])), "map"),
            None => (ty(field), label(field)),
        };
        let oneof = match field.oneof_index {
            Some(index) if !field.proto3_optional() => {
                kind.oneof_decl[usize::try_from(index).unwrap()].name()
            }
            _ => "",
        };
        rows.insert(format!("{name},{},{},{ty},{label},{oneof}", field.name(), field.number()));
    }
}

fn enumeration(name: &str, kind: &EnumDescriptorProto, rows: &mut BTreeSet<String>) {
    for value in &kind.value {
        rows.insert(format!("enum {name},{},{},enum_value,singular,", value.name(), value.number()));
    }
}

fn label(field: &FieldDescriptorProto) -> &'static str {
    let deprecated = field.options.as_ref().is_some_and(prost_types::FieldOptions::deprecated);
    match field.label() {
        Label::Repeated => "repeated",
        _ if field.proto3_optional() => "optional",
        _ if deprecated => "singular deprecated",
        _ => "singular",
    }
}

fn ty(field: &FieldDescriptorProto) -> String {
    match field.r#type() {
        Type::Bool => "bool".to_owned(),
        Type::Bytes => "bytes".to_owned(),
        Type::Int64 => "int64".to_owned(),
        Type::String => "string".to_owned(),
        Type::Enum => format!("enum {}", local(field.type_name())),
        Type::Message => local(field.type_name()).to_owned(),
        other => panic!("{other:?} is not used by the protocol"),
    }
}

/// Returns a type name as in the table.
fn local(name: &str) -> &str {
    let name = name.trim_start_matches('.');
    name.strip_prefix("tfplugin6.").unwrap_or(name)
}
