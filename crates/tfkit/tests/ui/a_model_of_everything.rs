//! Everything that a model can contain, under strict lints.
#![deny(warnings, missing_docs, unused_qualifications)]

use std::collections::{BTreeMap, BTreeSet};

use tfkit::timeouts::{Create, Read, Timeouts};
use tfkit::model::Model as _;
use tfkit::{Computed, Depends, Dyn, Enum, IfSet, Model, Number, Object, OrDefault, OrServer, Secret, Set, Twin};

const NEEDS: &str = "the role Admin";

/// A thing.
///
/// With a second paragraph.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "thing", rule = Rule::AtMostOneOf(&["note", "text"]), deprecated = "Use something else.")]
#[model(since = "1.2.0", needs = NEEDS, category = "Things", import = "NAME", import = "TYPE/NAME")]
pub struct Thing {
    /// Place of the thing.
    #[attr(key = optional, replace)]
    pub place: OrServer<String>,
    /// Identifier of the thing.
    #[attr(key, stable)]
    pub id: Computed<u64>,
    /// Name of the thing.
    #[attr(check = length(1..=50), check = one_of(&["a", "b"]), same = ignoring_case)]
    pub name: String,
    /// A note.
    #[attr(sensitive, deprecated = "Use the text.")]
    pub note: Option<String>,
    /// A text.
    pub text: Option<Secret<String>>,
    /// Labels.
    pub labels: IfSet<BTreeSet<String>>,
    /// Size.
    #[attr(default = 1)]
    pub size: OrDefault<i64>,
    /// Color.
    #[attr(default = "red")]
    pub colour: OrDefault<String>,
    /// A ratio.
    pub ratio: Option<Number>,
    /// Settings.
    pub settings: Option<BTreeMap<String, Option<String>>>,
    /// Anything.
    pub extra: Option<Dyn>,
    /// Status on the server.
    #[attr(depends = [NAME, CODE, ADDRESS])]
    pub status: Computed<Option<String>>,
    /// Address on the server.
    #[attr(depends = [TYPE_OF_KEY])]
    pub address: OrServer<String>,
    /// Whether it stays when it is no longer configured.
    #[attr(local, default = false)]
    pub keep: OrDefault<bool>,
    /// Parts by name.
    pub parts: BTreeMap<String, Part>,
    /// Parts that the server adds.
    pub more: Computed<Vec<Part>>,
    /// A code, stored or write-only.
    #[attr(twin = required, check = non_empty(), same = empty_is_null)]
    pub code: Twin<Secret<String>>,
    /// Another one.
    #[attr(twin, name = "type_of_key")]
    pub key: Twin<BTreeMap<String, String>>,
    /// Its kind.
    pub r#type: Option<String>,
    /// A small number.
    pub small: Option<u8>,
    /// A float.
    #[attr(default = 0.5)]
    pub float: OrDefault<f32>,
    /// A shape.
    #[attr(default = Form::Round)]
    pub form: OrDefault<Form>,
    /// Parts without an order.
    pub loose: Option<Set<Part>>,
    /// A part as a block.
    #[attr(block)]
    pub part: Option<Part>,
    /// Parts as blocks.
    #[attr(block, min = 1, max = 3, check = non_empty(), deprecated = "Use `parts`.")]
    pub piece: Vec<Part>,
    /// Parts as blocks without an order.
    #[attr(block, replace)]
    pub bit: Set<Part>,
    /// Parts as blocks by name.
    #[attr(block, name = "spare_part")]
    pub spare: BTreeMap<String, Part>,
    /// A group.
    #[attr(block = group)]
    pub lid: Lid,
    /// How long the operations may take.
    pub timeouts: Option<Timeouts<(Create, Read)>>,
}

/// A form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Enum)]
pub enum Form {
    /// Without corners.
    Round,
    /// With corners.
    #[attr(name = "many-cornered")]
    ManyCornered,
}

/// A lid.
#[derive(Clone, Debug, PartialEq, Object)]
#[model(rule = Rule::Requires("color", &["paint"]), deprecated = "Leave it open.")]
pub struct Lid {
    /// Its color.
    pub color: Option<String>,
    /// Its paint.
    pub paint: Option<String>,
}

/// A part.
#[derive(Clone, Debug, PartialEq, Object)]
pub struct Part {
    /// Name of the part.
    #[attr(key)]
    pub name: String,
    /// Address of the part.
    #[attr(depends = [NEW])]
    pub address: Computed<String>,
    /// Whether it is new.
    pub new: bool,
}

/// Shakes a thing.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "shake", kind = action)]
pub struct Shake {
    /// How often.
    pub count: i64,
    /// Code of the thing, which may be ephemeral.
    #[attr(write_only, sensitive)]
    pub code: Option<String>,
}

fn main() {
    assert_eq!(Shake::COUNT.name(), "count");
    let key = ThingKey { place: None, id: 7 };
    assert_eq!(key.clone(), key);
    assert_eq!(Thing::TYPE.name(), "type");
    assert_eq!(Thing::CODE_WO_VERSION.name(), "code_wo_version");
    assert_eq!(Thing::TYPE_OF_KEY_WO.name(), "type_of_key_wo");
    let depends = |name: &str| {
        let attributes = <Thing as tfkit::model::Object>::attributes();
        attributes.into_iter().find(|attribute| attribute.name == name).map(|attribute| attribute.depends)
    };
    let only = |attributes: &[&'static str], nullable| {
        Some(Depends::Only { attributes: attributes.to_vec(), nullable })
    };
    assert_eq!(depends("id"), only(&[], false));
    assert_eq!(depends("status"), only(&["name", "code", "code_wo_version", "address"], true));
    assert_eq!(depends("address"), only(&["type_of_key", "type_of_key_wo_version"], true));
    assert_eq!(depends("more"), Some(Depends::Anything));
    let rules: Vec<String> = Thing::rules().iter().map(|rule| rule.sentence()).collect();
    assert_eq!(rules, [
        "At most one of `note`, `text` may be set.",
        "Exactly one of `code`, `code_wo` must be set.",
        "`code_wo_version` requires `code_wo`.",
        "At most one of `type_of_key`, `type_of_key_wo` may be set.",
        "`type_of_key_wo_version` requires `type_of_key_wo`.",
    ]);
    let about = Thing::about();
    assert_eq!((about.since, about.needs, about.category), (Some("1.2.0"), Some(NEEDS), Some("Things")));
    assert_eq!(about.imports, ["NAME", "TYPE/NAME"]);
    assert_eq!(Thing::LID.at(Lid::COLOR).path().to_string(), "lid.color");
    assert_eq!(Thing::PIECE.index(1).at(Part::NEW).path().to_string(), "piece[1].new");
    assert_eq!(Thing::SPARE_PART.key("k").at(Part::NEW).path().to_string(), r#"spare_part["k"].new"#);
    assert_eq!(Form::WORDS, ["round", "many-cornered"]);
}
