//! The command line of the export.

use std::ffi::OsString;
use std::path::PathBuf;

use tfkit::Diag;

/// What `--help` prints.
pub(super) const HELP: &str = "\
Write the Terraform configuration of an existing organization, workspace or ZenML server.

The files contain a resource and an import block for each object that the credential can read. References between
objects replace IDs, and secrets are variables: no file contains one. A plan of the files imports everything and
changes nothing.

The address and the credential come from the same environment variables as those of the provider, such as
ZENML_CONTROL_PLANE_URL and ZENML_SERVICE_ACCOUNT_KEY, or ZENML_SERVER_URL and ZENML_API_KEY.

Usage: terraform-provider-zenml export --out DIR [--workspace NAME] [--type TYPE]...

  --out DIR         directory for the files; it is created, and existing files are never overwritten
  --workspace NAME  export only this workspace and what is in it, by name or ID
  --type TYPE       export only objects of this type, such as zenml_stack; can be repeated
  --help            print this text";

/// The arguments of the command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Arguments {
    pub(super) out: PathBuf,
    pub(super) workspace: Option<String>,
    pub(super) types: Vec<String>,
}

impl Arguments {
    /// Reads the arguments after the name of the command; `None` if they ask for help.
    pub(super) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Option<Self>, Diag> {
        let mut parsed = Self::default();
        let mut rest = arguments.into_iter();
        while let Some(argument) = rest.next() {
            let text = argument.to_string_lossy().into_owned();
            let (option, attached) = match text.split_once('=') {
                Some((option, value)) => (option, Some(OsString::from(value))),
                None => (text.as_str(), None),
            };
            if matches!(option, "--help" | "-help" | "-h") {
                return Ok(None);
            }
            if !matches!(option, "--out" | "--workspace" | "--type") {
                return Err(wrong(format!("Unknown argument {text:?}")));
            }
            let value = attached.or_else(|| rest.next()).filter(|value| !value.is_empty());
            let value = value.ok_or_else(|| wrong(format!("{option} requires a value")))?;
            let text = |value: OsString| value.to_string_lossy().into_owned();
            match option {
                "--out" => parsed.out = PathBuf::from(value),
                "--workspace" => parsed.workspace = Some(text(value)),
                _ => parsed.types.push(text(value)),
            }
        }
        if parsed.out.as_os_str().is_empty() {
            return Err(wrong("--out is missing".to_owned()));
        }
        Ok(Some(parsed))
    }
}

fn wrong(problem: String) -> Diag {
    Diag::error(problem).fix("Run:\n  terraform-provider-zenml export --help")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Option<Arguments>, String> {
        Arguments::parse(arguments.iter().map(OsString::from)).map_err(|diag| diag.summary)
    }

    #[test]
    fn options_have_values_and_can_be_in_any_order() {
        let out = |workspace: Option<&str>, types: &[&str]| {
            Ok(Some(Arguments {
                out: PathBuf::from("dir"),
                workspace: workspace.map(str::to_owned),
                types: types.iter().map(|&name| name.to_owned()).collect(),
            }))
        };
        for (arguments, expected) in [
            (&["--out", "dir"][..], out(None, &[])),
            (&["--out=dir", "--workspace=a"], out(Some("a"), &[])),
            (&["--type", "a", "--out", "dir", "--type=b"], out(None, &["a", "b"])),
            (&["--help"], Ok(None)),
            (&["--out", "dir", "-h"], Ok(None)),
            (&[], Err("--out is missing".to_owned())),
            (&["--out"], Err("--out requires a value".to_owned())),
            (&["--out=", "--type", "a"], Err("--out requires a value".to_owned())),
            (&["dir"], Err("Unknown argument \"dir\"".to_owned())),
            (&["--unknown"], Err("Unknown argument \"--unknown\"".to_owned())),
        ] {
            assert_eq!(parse(arguments), expected, "{arguments:?}");
        }
    }
}
