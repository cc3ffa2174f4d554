//! Changes that replace the object.

use crate::schema::{Attribute, Nesting, Shape};
use crate::value::{Dyn, Path, Step};

/// Returns the paths of the attributes whose planned change replaces the object, in the order of the schema. Empty
/// for a creation and a deletion.
///
/// An attribute counts if its state is set and its planned value differs or is unknown. A null state never counts: an
/// older version of a provider stored null for attributes that it did not have yet.
pub fn replaced(attributes: &[Attribute], prior: &Dyn, planned: &Dyn) -> Vec<Path> {
    let mut paths = Vec::new();
    object(attributes, prior, planned, &Path::root(), &mut paths);
    paths
}

fn object(attributes: &[Attribute], prior: &Dyn, planned: &Dyn, here: &Path, paths: &mut Vec<Path>) {
    let (Dyn::Map(prior), Dyn::Map(planned)) = (prior, planned) else { return };
    for attribute in attributes {
        let (Some(prior), Some(planned)) = (prior.get(attribute.name), planned.get(attribute.name)) else {
            continue;
        };
        if prior.is_null() || prior == planned {
            continue;
        }
        let path = here.clone().attr(attribute.name);
        match &attribute.shape {
            _ if attribute.replace => paths.push(path),
            Shape::Plain(_) => {}
            Shape::Nested(nesting, attributes) => nested(*nesting, attributes, prior, planned, path, paths),
        }
    }
}

fn nested(
    nesting: Nesting,
    attributes: &[Attribute],
    prior: &Dyn,
    planned: &Dyn,
    path: Path,
    paths: &mut Vec<Path>,
) {
    match (nesting, prior, planned) {
        (Nesting::Single, prior, planned) => object(attributes, prior, planned, &path, paths),
        (Nesting::Map, Dyn::Map(prior), Dyn::Map(planned)) => {
            for (key, prior) in prior {
                if let Some(planned) = planned.get(key) {
                    object(attributes, prior, planned, &path.clone().step(Step::Key(key.clone())), paths);
                }
            }
        }
        (Nesting::List, Dyn::List(prior), Dyn::List(planned)) => {
            for (index, (prior, planned)) in prior.iter().zip(planned).enumerate() {
                object(attributes, prior, planned, &path.clone().index(index), paths);
            }
        }
        (Nesting::Set, Dyn::List(prior), Dyn::List(planned)) => {
            // Elements of sets have no address and no counterpart. Compare only the values of the attributes that
            // replace.
            let kept = |elements: &[Dyn]| {
                Dyn::set(elements.iter().map(|element| only_replacing(attributes, element)))
            };
            if has_replacing(attributes) && kept(prior) != kept(planned) {
                paths.push(path);
            }
        }
        _ => {}
    }
}

fn has_replacing(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.replace
            || matches!(&attribute.shape, Shape::Nested(_, attributes) if has_replacing(attributes))
    })
}

/// Reduces an object to the attributes that replace, or that contain some that do.
fn only_replacing(attributes: &[Attribute], object: &Dyn) -> Dyn {
    let Dyn::Map(object) = object else { return object.clone() };
    let kept = attributes.iter().filter_map(|attribute| {
        let value = object.get(attribute.name)?;
        match &attribute.shape {
            _ if attribute.replace => Some((attribute.name, value.clone())),
            Shape::Nested(Nesting::Single, attributes) if has_replacing(attributes) => {
                Some((attribute.name, only_replacing(attributes, value)))
            }
            Shape::Nested(_, attributes) if has_replacing(attributes) => {
                Some((attribute.name, value.clone()))
            }
            _ => None,
        }
    });
    Dyn::map(kept)
}
