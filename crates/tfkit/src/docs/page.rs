//! One page.

use super::files::{Files, is_configuration};
use super::sentence::one_line;
use super::template::Template;
use super::{arguments, import, layout};
use crate::engine::Engine;
use crate::model::Operation;
use crate::schema::{Attribute, IdentityAttribute, Kind, Schema, Shape, Who};
use crate::timeouts;

/// Where the arguments of a list are set.
const IN_CONFIG: &str = "`terraform query` runs the lists in files with the extension `.tfquery.hcl`, in Terraform 1.14 or \
                         later. Set the following arguments in the block `config`.";

/// The input of a page, except for the files.
pub(super) struct Page<'a> {
    /// `None` for the provider block.
    kind: Option<Kind>,
    /// The provider's prefix.
    provider: &'a str,
    /// Full name of the type.
    name: &'a str,
    schema: Schema,
    identity: Vec<IdentityAttribute>,
    /// Types that can be moved here, with their providers.
    sources: Vec<(&'static str, &'static str)>,
}

impl<'a> Page<'a> {
    pub(super) fn new(engine: &'a Engine, kind: Option<Kind>, name: &'a str, schema: &Schema) -> Self {
        let mut schema = schema.clone();
        let mut identity: Vec<IdentityAttribute> = Vec::new();
        let sources = if kind == Some(Kind::Resource) { engine.sources(name) } else { Vec::new() };
        if kind == Some(Kind::Resource) {
            identity = engine.identity_schema(name).map(|schema| schema.attributes).unwrap_or_default();
            // Several models may share a key, whose own texts then do not fit them.
            for part in &mut identity {
                let same = schema.attributes.iter().find(|attribute| attribute.name == part.name);
                if let Some(same) = same {
                    part.description.clone_from(&same.description);
                }
            }
        }
        if let Some(kind) = kind {
            add_default_timeouts(engine, kind, name, &mut schema.attributes);
        }
        Self { kind, provider: engine.name(), name, schema, identity, sources }
    }

    /// Returns the path of the page in the folder of all pages.
    pub(super) fn path(&self) -> String {
        match self.kind {
            None => "index.md".to_owned(),
            Some(kind) => format!("{}/{}.md", layout::folder(kind), self.noun()),
        }
    }

    pub(super) fn template_path(&self) -> String {
        format!("templates/{}", self.path())
    }

    pub(super) fn example_folder(&self) -> String {
        match self.kind {
            None => "examples/provider/".to_owned(),
            Some(kind) => format!("examples/{}/{}/", layout::folder(kind), self.name),
        }
    }

    /// Returns the text of the page, or what is missing.
    pub(super) fn render(&self, sources: &Files) -> Result<String, Vec<String>> {
        let mut problems = double_defaults(self.name, &self.schema.attributes);
        let template_path = self.template_path();
        let template = Template::of(sources, &template_path);
        let examples = self.examples(sources);
        let main = self.example_folder() + self.example_name();
        if !sources.contains_key(&main) {
            problems.push(format!("{main}: missing; every page requires an example"));
        }
        let mut sections = vec![
            self.front_matter(template.title),
            self.title(template.title),
            paragraphs(&self.schema.description),
        ];
        sections
            .push(self.schema.deprecated.map(|why| format!("~> **Deprecated:** {why}")).unwrap_or_default());
        sections.push(template.before.to_owned());
        sections.push(self.facts());
        sections.push(self.kind.and_then(layout::hosts).map(requires).unwrap_or_default());
        sections.push(format!("## Example Usage\n\n{}", examples.join("\n\n")));
        if self.kind == Some(Kind::Action) {
            match self.address("action", sources.get(&main).map_or("", String::as_str)) {
                Some(address) => sections.push(run(&address)),
                None if sources.contains_key(&main) => {
                    problems.push(format!("{main}: declares no action \"{}\"", self.name));
                }
                None => {}
            }
        }
        sections.push(template.after.to_owned());
        sections.push("## Schema".to_owned());
        if self.kind == Some(Kind::ListResource) {
            sections.push(IN_CONFIG.to_owned());
        }
        sections
            .push(self.schema.rules.iter().map(crate::check::Rule::sentence).collect::<Vec<_>>().join(" "));
        sections.push(arguments::block(&self.schema.attributes));
        if !self.identity.is_empty() {
            match self.address("resource", sources.get(&main).map_or("", String::as_str)) {
                Some(address) => {
                    match import::section(self.name, &address, &self.schema, &self.identity, template.import)
                    {
                        Ok(section) => sections.push(section),
                        Err(problem) => problems.push(problem),
                    }
                }
                None if sources.contains_key(&main) => {
                    problems.push(format!("{main}: declares no resource \"{}\"", self.name));
                }
                None => {}
            }
        } else if !template.import.is_empty() {
            problems.push(format!("{template_path}: has an import section, but the type has no identity"));
        }
        sections.push(moves(&self.sources));
        if !problems.is_empty() {
            return Err(problems);
        }
        sections.retain(|section| !section.is_empty());
        Ok(sections.join("\n\n") + "\n")
    }

    /// Returns the name without the provider's prefix.
    fn noun(&self) -> &str {
        self.name.strip_prefix(self.provider).and_then(|rest| rest.strip_prefix('_')).unwrap_or(self.name)
    }

    fn example_name(&self) -> &'static str {
        self.kind.map_or("provider.tf", layout::example)
    }

    /// Returns the front matter for the registry: title, category, and summary. Its validator rejects a category of
    /// the index.
    fn front_matter(&self, replaced: Option<&str>) -> String {
        let (name, provider) = (self.name, self.provider);
        let title = match (replaced, self.kind) {
            (Some(title), _) => title.to_owned(),
            (None, None) => format!("{provider} Provider"),
            (None, Some(kind)) => format!("{name} {} - {provider}", layout::title(kind)),
        };
        let category = match self.kind {
            None => String::new(),
            Some(_) => format!("subcategory: \"{}\"\n", self.schema.about.category.unwrap_or_default()),
        };
        let summary =
            one_line(self.schema.description.split("\n\n").next().unwrap_or_default()).replace('`', "");
        format!("---\npage_title: \"{title}\"\n{category}description: |-\n  {summary}\n---")
    }

    /// Returns the heading, which a template may replace, for example with the provider's spelling of its name.
    fn title(&self, replaced: Option<&str>) -> String {
        match (replaced, self.kind) {
            (Some(title), _) => format!("# {title}"),
            (None, None) => format!("# {} Provider", self.provider),
            (None, Some(kind)) => format!("# {} ({})", self.name, layout::title(kind)),
        }
    }

    /// Returns what the credential needs, and the first version with the type.
    fn facts(&self) -> String {
        let about = &self.schema.about;
        let needs = about.needs.map(|needs| format!("Requires {needs}."));
        let since = about.since.map(|since| format!("Available since version {since}."));
        [needs, since].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// Returns the examples as code blocks: the main one first, the others by name.
    fn examples(&self, sources: &Files) -> Vec<String> {
        let folder = self.example_folder();
        let main = self.example_name();
        examples(sources, &folder, main)
    }

    /// Returns the name of the first block of the type in an example, after its type: `TYPE.NAME`.
    fn address(&self, keyword: &str, example: &str) -> Option<String> {
        let block = format!("{keyword} \"{}\" \"", self.name);
        let label = example.lines().find_map(|line| line.strip_prefix(&block))?.split_once('"')?.0;
        Some(format!("{}.{label}", self.name))
    }
}

/// Returns the examples in a folder as code blocks: the main one first, the others by name.
pub(super) fn examples(sources: &Files, folder: &str, main: &str) -> Vec<String> {
    let name =
        |path: &str| path.strip_prefix(folder).filter(|name| is_configuration(name)).map(str::to_owned);
    let mut files: Vec<(String, &String)> =
        sources.iter().filter_map(|(path, text)| Some((name(path)?, text))).collect();
    files.sort_by_key(|(name, _)| (name != main, name.clone()));
    files.iter().map(|(_, text)| format!("```terraform\n{}\n```", text.trim())).collect()
}

/// Returns the note about the versions of the host.
pub(super) fn requires(hosts: &str) -> String {
    format!("-> Requires {hosts}.")
}

/// Returns the section about the types whose objects can be moved here; nothing without any.
fn moves(sources: &[(&str, &str)]) -> String {
    if sources.is_empty() {
        return String::new();
    }
    let list: Vec<String> =
        sources.iter().map(|(name, provider)| format!("- `{name}` of the provider `{provider}`")).collect();
    format!(
        "## Move\n\nIn Terraform 1.8 or later, or OpenTofu 1.10 or later, a [`moved` \
         block](https://developer.hashicorp.com/terraform/language/block/moved) takes over objects of these \
         types:\n\n{}",
        list.join("\n")
    )
}

/// Returns how to run an action on its own.
fn run(address: &str) -> String {
    format!(
        "To run the action on its own, without any other change:\n\n```shell\nterraform apply \
         -invoke=action.{address}\n```"
    )
}

/// Returns a description as Markdown: lines of a paragraph are joined, lists and tables are kept.
pub(super) fn paragraphs(text: &str) -> String {
    let paragraph = |text: &str| {
        if text.trim_start().starts_with(['-', '|', '#', '`']) {
            text.trim().to_owned()
        } else {
            one_line(text)
        }
    };
    text.split("\n\n").map(paragraph).collect::<Vec<_>>().join("\n\n")
}

/// Adds the default timeouts to the attribute `timeouts`.
fn add_default_timeouts(engine: &Engine, kind: Kind, type_name: &str, attributes: &mut [Attribute]) {
    let Some(timeouts) = attributes.iter_mut().find(|attribute| attribute.name == timeouts::ATTRIBUTE) else {
        return;
    };
    let Shape::Nested(_, operations) = &mut timeouts.shape else { return };
    for attribute in operations {
        let operation = Operation::ALL.into_iter().find(|operation| operation.name() == attribute.name);
        if let Some(default) =
            operation.and_then(|operation| engine.default_timeout(kind, type_name, operation))
        {
            attribute.description =
                format!("{} Default: `{}`.", attribute.description, timeouts::spelled(default));
        }
    }
}

/// Returns attributes whose description repeats the default of the schema.
fn double_defaults(name: &str, attributes: &[Attribute]) -> Vec<String> {
    let mut problems = Vec::new();
    for attribute in attributes {
        if matches!(attribute.who, Who::Default(_)) && attribute.description.contains("Default: ") {
            problems.push(format!(
                "{name}: the description of `{}` contains the default, which the page adds automatically",
                attribute.name
            ));
        }
        if let Shape::Nested(_, inner) = &attribute.shape {
            problems.extend(double_defaults(name, inner));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::moves;

    #[test]
    fn the_page_lists_the_types_that_can_be_moved() {
        assert_eq!(moves(&[]), "");
        let text = moves(&[("cloud_group", "acme/cloud"), ("other_team", "other")]);
        assert!(text.starts_with("## Move\n\nIn Terraform 1.8 or later"), "{text}");
        assert!(
            text.ends_with(
                "\n\n- `cloud_group` of the provider `acme/cloud`\n- `other_team` of the provider `other`"
            ),
            "{text}"
        );
    }
}
