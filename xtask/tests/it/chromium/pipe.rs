//! Messages to the browser and back.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{ChildStdin, ChildStdout};
use tokio::time::timeout;

/// How long the browser may be silent on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// The two pipes, and the events that nobody has waited for yet.
pub(crate) struct Pipe {
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    log: PathBuf,
    calls: u64,
    events: VecDeque<Json>,
}

impl Pipe {
    pub(super) fn new(input: ChildStdin, output: ChildStdout, log: PathBuf) -> Self {
        Self { input, output: BufReader::new(output), log, calls: 0, events: VecDeque::new() }
    }

    /// Calls a method, in the session of a page or of the browser. Returns its result.
    pub(super) async fn call(&mut self, session: Option<&str>, method: &str, parameters: Json) -> Json {
        self.calls += 1;
        let mut message = json!({ "id": self.calls, "method": method, "params": parameters });
        if let Some(session) = session {
            message["sessionId"] = json!(session);
        }
        self.input.write_all(format!("{message}\0").as_bytes()).await.unwrap();
        loop {
            let mut answer = self.receive(method).await;
            if answer["id"] == self.calls {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].take();
            }
            self.events.push_back(answer);
        }
    }

    /// Forgets what has happened so far.
    pub(super) fn forget(&mut self) {
        self.events.clear();
    }

    /// Waits for an event, which may already have happened. Returns its parameters.
    pub(super) async fn event(&mut self, name: &str) -> Json {
        let is = |event: &Json| event["method"] == name;
        let position = self.events.iter().position(is);
        let mut found = position.and_then(|position| self.events.remove(position));
        loop {
            match found {
                Some(mut event) if is(&event) => return event["params"].take(),
                Some(other) => self.events.push_back(other),
                None => {}
            }
            found = Some(self.receive(name).await);
        }
    }

    async fn receive(&mut self, what: &str) -> Json {
        let mut message = Vec::new();
        let read = timeout(PATIENCE, self.output.read_until(0, &mut message)).await;
        let log = || std::fs::read_to_string(&self.log).unwrap_or_default();
        let read =
            read.unwrap_or_else(|_| panic!("the browser does not answer to {what}: {}", log())).unwrap();
        assert!(read > 0, "the browser has ended before {what}: {}", log());
        message.pop();
        serde_json::from_slice(&message).unwrap()
    }
}
