//! The reference pages of a provider, in the layout of the Terraform registry.
//!
//! A page is generated from the schema (whose texts are the doc comments of the models), the identity, the facts in
//! [`About`](crate::schema::About), and the examples, which are configurations that a test can apply. Other content
//! comes from an optional template. [`pages`] is a pure function: the same input always gives the same bytes.
//!
//! The layout is that of `tfplugindocs`, the registry's own generator, which only builds providers written in Go.

mod arguments;
mod files;
mod function;
mod import;
mod layout;
mod page;
mod sentence;
mod template;

use crate::engine::Engine;
use crate::schema::Kind;
pub use files::Files;
use files::is_configuration;
use page::Page;

/// Generates every page of a provider: paths in the folder of the pages, such as `resources/team.md`, and contents.
///
/// Read from `sources`:
///
/// - `examples/provider/provider.tf`, `examples/resources/TYPE/resource.tf`,
///   `examples/data-sources/TYPE/data-source.tf`, `examples/functions/NAME/function.tf` and so on: the example of each
///   page. It is required. Other `.tf` and `.tfquery.hcl` files in its folder follow in the order of their names.
/// - `templates/index.md`, `templates/resources/NAME.md` and so on, where `NAME` is the type without the provider's
///   prefix: Markdown that follows the description. A heading `# …` at its beginning replaces
///   that of the page. Text after a line `## Import` goes into the section with this name. A line `<!-- example -->`
///   moves the example there.
///
/// # Errors
///
/// One line for each missing or unused file.
pub fn pages(engine: &Engine, sources: &Files) -> Result<Files, Vec<String>> {
    let prefix = engine.name();
    let mut pages = Files::new();
    let mut problems = Vec::new();
    let mut used = Vec::new();
    let mut add = |page: &Page<'_>| {
        used.extend([page.template_path(), page.example_folder()]);
        match page.render(sources) {
            Ok(text) => drop(pages.insert(page.path(), text)),
            Err(found) => problems.extend(found),
        }
    };
    add(&Page::new(engine, None, prefix, engine.provider_schema()));
    for kind in Kind::ALL {
        for name in engine.names(kind) {
            if let Some(schema) = engine.schema(kind, name) {
                add(&Page::new(engine, Some(kind), name, schema));
            }
        }
    }
    for signature in engine.functions() {
        used.extend([function::template_path(signature), function::example_folder(signature)]);
        match function::page(prefix, signature, sources) {
            Ok(text) => drop(pages.insert(function::path(signature), text)),
            Err(problem) => problems.push(problem),
        }
    }
    problems.extend(unused(sources, &used));
    if problems.is_empty() { Ok(pages) } else { Err(problems) }
}

/// Returns the folders of the templates and examples that [`pages`] reads, from the root of the repository.
pub fn sources_of_pages() -> Vec<String> {
    let examples = Kind::ALL.map(|kind| format!("examples/{}", layout::folder(kind)));
    ["templates", "examples/provider", "examples/functions"]
        .map(str::to_owned)
        .into_iter()
        .chain(examples)
        .collect()
}

/// Returns templates and examples of types that do not exist, for example because a type was renamed.
fn unused(sources: &Files, used: &[String]) -> Vec<String> {
    let folders: Vec<String> = sources_of_pages();
    let of_a_page = |path: &&String| folders.iter().any(|folder| path.starts_with(&format!("{folder}/")));
    let is_used = |path: &String| {
        used.iter().any(|used| {
            path == used || (used.ends_with('/') && path.starts_with(used) && is_configuration(path))
        })
    };
    sources
        .keys()
        .filter(of_a_page)
        .filter(|path| !is_used(path))
        .map(|path| format!("{path}: no page uses it"))
        .collect()
}
