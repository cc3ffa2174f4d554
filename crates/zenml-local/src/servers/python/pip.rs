//! Why an environment could not be created, from the output of Python and pip.

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Output;

/// How many versions are shown to somebody who asked for one that does not exist.
const SHOWN: usize = 6;
/// What programs print if there is no space: on the disk, for the user, or for one file.
const FULL: [&str; 3] = ["No space left on device", "Disk quota exceeded", "File too large"];
/// What always helps.
const OTHERWISE: &str = "or name an interpreter that has ZenML with --zenml-python";

/// Says why a virtual environment could not be created.
pub(super) fn no_environment(system: &Path, directory: &Path, output: &Output) -> String {
    let text = text(output);
    if let Some(reason) = killed(output, "creation of the environment").or_else(|| full(directory, &text)) {
        return reason;
    }
    format!(
        "{} cannot create the virtual environment {}: {}. Install the module venv, such as the package python3-venv, \
         {OTHERWISE}.",
        system.display(),
        directory.display(),
        last_line(&text)
    )
}

/// Says why pip could not install a version of ZenML.
pub(super) fn not_installed(version: &str, directory: &Path, output: &Output) -> String {
    let text = text(output);
    killed(output, "installation of ZenML")
        .or_else(|| full(directory, &text))
        .or_else(|| other_python(version, &text))
        .or_else(|| unknown_version(version, &text))
        .or_else(|| no_index(version, &text))
        .unwrap_or_else(|| {
            let line = last_line(&text);
            format!("pip cannot install ZenML {version}: {line}. Check the settings of pip, {OTHERWISE}.")
        })
}

fn text(output: &Output) -> String {
    // A failed creation of an environment tells the cause on standard output.
    format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn killed(output: &Output, what: &str) -> Option<String> {
    let signal = output.status.signal()?;
    Some(format!(
        "The {what} was ended by signal {signal}, as the system does if memory runs out. Activate the workspace to try \
         again."
    ))
}

fn full(directory: &Path, text: &str) -> Option<String> {
    let found = FULL.into_iter().find(|full| text.contains(full))?;
    Some(format!(
        "ZenML does not fit into {}: {found}. It needs about 350 MB. Free some space, or select another place with \
         XDG_CACHE_HOME.",
        directory.display()
    ))
}

/// A version that exists, but not for this version of Python.
fn other_python(version: &str, text: &str) -> Option<String> {
    let (_, ignored) = text.split_once("require a different python version: ")?;
    let mut entries = ignored.lines().next()?.split("; ");
    let (_, required) = entries.find_map(|entry| {
        entry.trim().split_once(" Requires-Python ").filter(|(ignored, _)| *ignored == version)
    })?;
    Some(format!(
        "ZenML {version} requires Python {}. Install such a version as python3, {OTHERWISE}.",
        required.trim()
    ))
}

/// A version that does not exist: pip names those that do. Without an answer of its index, it names none, or only those
/// of local folders.
fn unknown_version(version: &str, text: &str) -> Option<String> {
    let versions = versions(text).filter(|_| broken_connection(text).is_none())?;
    Some(format!("ZenML {version} does not exist. The newest versions are: {versions}."))
}

fn versions(text: &str) -> Option<String> {
    let (_, all) = text.split_once("satisfies the requirement zenml")?;
    let (_, all) = all.lines().next()?.split_once("(from versions: ")?;
    let (all, _) = all.split_once(')')?;
    let all: Vec<&str> = all.split(", ").filter(|version| *version != "none").collect();
    (!all.is_empty()).then(|| all[all.len().saturating_sub(SHOWN)..].join(", "))
}

/// An index that does not answer, or not with packages.
fn no_index(version: &str, text: &str) -> Option<String> {
    let cause = match broken_connection(text) {
        Some(cause) => format!(": {cause}"),
        None if text.contains("(from versions: none)") => String::new(),
        None => return None,
    };
    Some(format!(
        "pip cannot install ZenML {version}, because it cannot reach its package index{cause}. Check the network and the \
         settings of pip (PIP_INDEX_URL, pip.conf, proxies), {OTHERWISE}."
    ))
}

/// The cause of the last connection that broke: the words between the names of classes.
fn broken_connection(text: &str) -> Option<String> {
    let (_, cause) = text.rsplit_once("after connection broken by '")?;
    let cause = cause.lines().next()?;
    let cause = cause.rsplit_once("': ").map_or(cause, |(cause, _)| cause);
    let proxy = if cause.starts_with("ProxyError") { "the proxy does not answer: " } else { "" };
    let words = cause.rsplit_once(">: ").map_or(cause, |(_, words)| words);
    let words = words.trim_end_matches(['\'', '"', ')', ',']);
    Some(format!("{proxy}{words}"))
}

fn last_line(text: &str) -> &str {
    let line = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it did not say why");
    line.trim().trim_start_matches("ERROR: ").trim_end_matches('.')
}

#[cfg(test)]
mod tests {
    use std::process::ExitStatus;

    use super::*;

    const MISSING: &str = "ERROR: Could not find a version that satisfies the requirement zenml[server]==99.0 (from \
                           versions: 0.96.0, 0.97.0, 0.98.0)\nERROR: No matching distribution found for zenml[server]==99.0";
    const NONE: &str = "ERROR: Could not find a version that satisfies the requirement zenml[server]==99.0 (from \
                        versions: none)\nERROR: No matching distribution found for zenml[server]==99.0";
    const RETRY: &str = "WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after \
                         connection broken by ";
    const REFUSED: &str = "NewConnectionError('<HTTPConnection object at 0x7f>: Failed to establish a new connection: [Errno 111] Connection \
         refused')': /simple/zenml/\n";
    const PROXY: &str = "ProxyError('Cannot connect to proxy.', NewConnectionError('<HTTPSConnection object at 0x7f>: \
                         Failed to establish a new connection: [Errno -2] Name or service not known'))': http://index.invalid/simple/zenml/\n";

    fn check(status: i32, stderr: &str, expected: &str) {
        let status = ExitStatus::from_raw(status);
        let output = Output { status, stdout: Vec::new(), stderr: stderr.as_bytes().to_vec() };
        let reason = not_installed("99.0", Path::new("/cache"), &output);
        assert!(reason.starts_with(expected), "{reason}\n  instead of\n{expected}");
    }

    #[test]
    fn each_failure_of_pip_has_a_reason_of_its_own() {
        let exit = 1 << 8;
        check(exit, MISSING, "ZenML 99.0 does not exist. The newest versions are: 0.96.0, 0.97.0, 0.98.0.");
        check(exit, NONE, "pip cannot install ZenML 99.0, because it cannot reach its package index. Check");
        let refused = "it cannot reach its package index: Failed to establish a new connection: [Errno 111] Connection \
                       refused. Check";
        let refused = format!("pip cannot install ZenML 99.0, because {refused}");
        check(exit, &format!("{RETRY}'{REFUSED}{NONE}"), &refused);
        // Versions in a local folder are not all that exist.
        check(exit, &format!("{RETRY}'{REFUSED}{MISSING}"), &refused);
        check(
            exit,
            &format!("{RETRY}'{PROXY}{NONE}"),
            "pip cannot install ZenML 99.0, because it cannot reach its package index: the proxy does not answer: Failed \
             to establish a new connection: [Errno -2] Name or service not known. Check",
        );
        let ignored = "ERROR: Ignored the following versions that require a different python version: 9.0 \
                       Requires-Python >=3.6; 99.0 Requires-Python >=3.8,<3.10; 99.0.1 Requires-Python >=3.99\n";
        check(exit, &format!("{ignored}{MISSING}"), "ZenML 99.0 requires Python >=3.8,<3.10. Install");
        let full =
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n";
        check(exit, full, "ZenML does not fit into /cache: No space left on device.");
        check(9, "", "The installation of ZenML was ended by signal 9");
        check(exit, "ERROR: broken wheel.\n\n", "pip cannot install ZenML 99.0: broken wheel. Check");
        check(exit, "", "pip cannot install ZenML 99.0: it did not say why. Check");
    }
}
