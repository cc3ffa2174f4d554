//! Limits for wrong credentials and codes, by account and by address.
//!
//! The limits are leaky buckets. They guarantee:
//! - Passwords cannot be guessed faster than the account's limit, from any number of addresses.
//! - A single address cannot exhaust an account's limit for long, because its own limit is slower. So it does not
//!   lock others out permanently.
//! - An address from which the user has logged in before is not affected by attempts from other addresses.
//! - Correct attempts do not count, regardless of how many run at once.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use uuid::Uuid;

/// Maximum number of keys in a table; beyond it, the key that expires next is dropped.
const MOST: usize = 10_000;
/// How long an address is known after a login.
const KNOWN: Duration = Duration::from_hours(30 * 24);

/// Allowed wrong attempts: a burst, then one per interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) burst: u32,
    pub(super) interval: Duration,
}

/// For an account, from addresses without an earlier login to it.
const ACCOUNT: Rule = Rule { burst: 10, interval: Duration::from_secs(5) };
/// For an address, with accounts that were never used from it.
const ADDRESS: Rule = Rule { burst: 20, interval: Duration::from_secs(30) };
/// For an account, from an address with an earlier login to it.
const KNOWN_PLACE: Rule = Rule { burst: 10, interval: Duration::from_secs(5) };
/// For keys from an address. A key cannot be guessed, so a correct one is never rejected; this limits the responses.
const KEYS: Rule = Rule { burst: 60, interval: Duration::from_secs(1) };
/// For codes of devices that an account enters. A code is short, so a correct one is rejected like a wrong one.
const CODES: Rule = Rule { burst: 10, interval: Duration::from_secs(30) };
/// For codes of devices that are entered from an address.
const CODES_FROM: Rule = Rule { burst: 30, interval: Duration::from_secs(10) };
/// For logins of devices that are started from an address.
const STARTS: Rule = Rule { burst: 60, interval: Duration::from_secs(5) };
/// For polls of a device. Clients wait for five seconds; one less allows for clocks and networks.
const POLLS: Rule = Rule { burst: 1, interval: Duration::from_secs(4) };
/// For recording that a device was used, so that not every request writes.
const USES: Rule = Rule { burst: 1, interval: Duration::from_mins(1) };

/// The origin of a request: an address without its port, or an IPv6 network, because its owner controls all addresses
/// in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Address(Option<IpAddr>);

impl Address {
    /// Parses the address in [`RequestInfo`](crate::http::RequestInfo); requests without a socket count as one
    /// address.
    pub(crate) fn of(remote: Option<&str>) -> Self {
        let ip = remote.and_then(|text| text.parse::<SocketAddr>().ok()).map(|socket| socket.ip());
        Self(ip.map(|ip| match ip.to_canonical() {
            IpAddr::V6(ip) => IpAddr::V6((ip.to_bits() & (u128::MAX << 64)).into()),
            ip @ IpAddr::V4(_) => ip,
        }))
    }

    /// Returns the address for display.
    pub(super) fn text(self) -> Option<String> {
        self.0.map(|ip| ip.to_string())
    }
}

/// The decision about an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Allowed; the attempt counts as wrong until it is known to be correct.
    Try,
    /// Not decided yet: it depends on running attempts.
    Wait,
    /// Rejected for this long.
    Refuse(Duration),
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// When all wrong attempts expire.
    empty_at: Instant,
    running: u32,
}

/// One limit for many keys.
#[derive(Debug)]
struct Buckets<K> {
    rule: Rule,
    of: HashMap<K, Bucket>,
}

impl<K: Hash + Eq + Clone> Buckets<K> {
    fn new(rule: Rule) -> Self {
        Self { rule, of: HashMap::new() }
    }

    fn verdict(&self, now: Instant, key: &K) -> Verdict {
        let Some(bucket) = self.of.get(key) else { return Verdict::Try };
        let left = bucket.empty_at.saturating_duration_since(now);
        let whole = self.rule.interval * self.rule.burst;
        // An attempt fits if the bucket does not overflow.
        let too_much = (left + self.rule.interval).saturating_sub(whole);
        if !too_much.is_zero() {
            return Verdict::Refuse(too_much);
        }
        if left + self.rule.interval * (bucket.running + 1) > whole {
            return Verdict::Wait;
        }
        Verdict::Try
    }

    fn begin(&mut self, now: Instant, key: &K) {
        self.make_room(now, key);
        self.of.entry(key.clone()).or_insert(Bucket { empty_at: now, running: 0 }).running += 1;
    }

    fn end(&mut self, now: Instant, key: &K, wrong: bool) {
        let Some(bucket) = self.of.get_mut(key) else { return };
        bucket.running = bucket.running.saturating_sub(1);
        if wrong {
            bucket.empty_at = bucket.empty_at.max(now) + self.rule.interval;
        } else if bucket.running == 0 && bucket.empty_at <= now {
            self.of.remove(key);
        }
    }

    /// Counts an attempt, unless there are too many. Then it returns the time to wait.
    fn take(&mut self, now: Instant, key: &K) -> Option<Duration> {
        if let Verdict::Refuse(time) = self.verdict(now, key) {
            return Some(time);
        }
        self.begin(now, key);
        self.end(now, key, true);
        None
    }

    /// Takes back an attempt that was counted.
    fn give_back(&mut self, now: Instant, key: &K) {
        if let Some(bucket) = self.of.get_mut(key) {
            bucket.empty_at = bucket.empty_at.checked_sub(self.rule.interval).unwrap_or(now);
        }
    }

    /// Forgets wrong attempts.
    fn forget(&mut self, now: Instant, key: &K) {
        if let Some(bucket) = self.of.get_mut(key) {
            bucket.empty_at = now;
        }
    }

    fn make_room(&mut self, now: Instant, key: &K) {
        if self.of.len() < MOST || self.of.contains_key(key) {
            return;
        }
        self.of.retain(|_, bucket| bucket.running > 0 || bucket.empty_at > now);
        while self.of.len() >= MOST {
            let first = self.of.iter().min_by_key(|(_, bucket)| bucket.empty_at).map(|(key, _)| key.clone());
            let Some(first) = first else { break };
            self.of.remove(&first);
        }
    }
}

/// A running attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attempt {
    account: String,
    address: Address,
    known: bool,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The password is correct.
    Right,
    /// The password is wrong.
    Wrong,
    /// The password was not checked.
    Unknown,
}

/// All wrong attempts of a platform, in memory. The time is an argument, so that tests do not need a clock.
#[derive(Debug)]
pub(super) struct Throttle {
    accounts: Buckets<String>,
    addresses: Buckets<Address>,
    places: Buckets<(String, Address)>,
    keys: Buckets<Address>,
    codes: Buckets<String>,
    codes_from: Buckets<Address>,
    starts: Buckets<Address>,
    polls: Buckets<Vec<u8>>,
    uses: Buckets<Uuid>,
    /// Addresses from which accounts were used, and the time of the last use.
    known: HashMap<(String, Address), Instant>,
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            accounts: Buckets::new(ACCOUNT),
            addresses: Buckets::new(ADDRESS),
            places: Buckets::new(KNOWN_PLACE),
            keys: Buckets::new(KEYS),
            codes: Buckets::new(CODES),
            codes_from: Buckets::new(CODES_FROM),
            starts: Buckets::new(STARTS),
            polls: Buckets::new(POLLS),
            uses: Buckets::new(USES),
            known: HashMap::new(),
        }
    }
}

impl Throttle {
    /// Decides whether a password may be tried for an account, which may not exist.
    pub(super) fn begin(
        &mut self,
        now: Instant,
        account: &str,
        address: Address,
    ) -> (Verdict, Option<Attempt>) {
        let place = (account.to_owned(), address);
        let known = self.known.get(&place).is_some_and(|last| now.saturating_duration_since(*last) < KNOWN);
        let verdict = if known {
            self.places.verdict(now, &place)
        } else {
            match (self.accounts.verdict(now, &place.0), self.addresses.verdict(now, &address)) {
                (Verdict::Refuse(one), Verdict::Refuse(other)) => Verdict::Refuse(one.max(other)),
                (Verdict::Refuse(time), _) | (_, Verdict::Refuse(time)) => Verdict::Refuse(time),
                (Verdict::Wait, _) | (_, Verdict::Wait) => Verdict::Wait,
                (Verdict::Try, Verdict::Try) => Verdict::Try,
            }
        };
        if verdict != Verdict::Try {
            return (verdict, None);
        }
        if known {
            self.places.begin(now, &place);
        } else {
            self.accounts.begin(now, &place.0);
            self.addresses.begin(now, &address);
        }
        (verdict, Some(Attempt { account: place.0, address, known }))
    }

    /// Counts an attempt.
    pub(super) fn end(&mut self, now: Instant, attempt: Attempt, end: End) {
        let Attempt { account, address, known } = attempt;
        let (wrong, place) = (end == End::Wrong, (account, address));
        if known {
            self.places.end(now, &place, wrong);
        } else {
            self.accounts.end(now, &place.0, wrong);
            self.addresses.end(now, &address, wrong);
        }
        if end == End::Right {
            // Attempts of the address with other accounts still count.
            self.accounts.forget(now, &place.0);
            self.places.forget(now, &place);
            if self.known.len() >= MOST && !self.known.contains_key(&place) {
                let oldest = self.known.iter().min_by_key(|(_, last)| **last).map(|(place, _)| place.clone());
                oldest.map(|oldest| self.known.remove(&oldest));
            }
            self.known.insert(place, now);
        }
    }

    /// Counts a wrong key. Returns the time to wait after too many.
    pub(super) fn wrong_key(&mut self, now: Instant, address: Address) -> Option<Duration> {
        self.keys.take(now, &address)
    }

    /// Counts a code that an account enters, before it is looked up. Returns the time to wait after too many.
    pub(super) fn enter_code(&mut self, now: Instant, account: &str, address: Address) -> Option<Duration> {
        let account = account.to_owned();
        let full = |verdict| if let Verdict::Refuse(time) = verdict { Some(time) } else { None };
        let time = full(self.codes.verdict(now, &account)).max(full(self.codes_from.verdict(now, &address)));
        if time.is_none() {
            self.codes.take(now, &account);
            self.codes_from.take(now, &address);
        }
        time
    }

    /// Takes back a code that exists.
    pub(super) fn right_code(&mut self, now: Instant, account: &str, address: Address) {
        self.codes.give_back(now, &account.to_owned());
        self.codes_from.give_back(now, &address);
    }

    /// Counts a login of a device that is started. Returns the time to wait after too many.
    pub(super) fn start(&mut self, now: Instant, address: Address) -> Option<Duration> {
        self.starts.take(now, &address)
    }

    /// Counts a poll of a device. Returns the time to wait if it is too early.
    pub(super) fn poll(&mut self, now: Instant, device: &[u8]) -> Option<Duration> {
        self.polls.take(now, &device.to_vec())
    }

    /// Counts a use of a device. Returns whether it is the first one within a minute.
    pub(super) fn is_first_use(&mut self, now: Instant, device: Uuid) -> bool {
        self.uses.take(now, &device).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::of(Some(&format!("{text}:1")))
    }

    /// Makes one attempt. Returns the time to wait if it is rejected.
    fn attempt(
        throttle: &mut Throttle,
        now: Instant,
        account: &str,
        from: &str,
        end: End,
    ) -> Result<(), Duration> {
        match throttle.begin(now, account, address(from)) {
            (Verdict::Try, Some(attempt)) => {
                throttle.end(now, attempt, end);
                Ok(())
            }
            (Verdict::Refuse(time), None) => Err(time),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_address_is_one_host_or_one_network() {
        let of = |text| Address::of(Some(text));
        assert_eq!(of("10.0.0.1:80"), of("10.0.0.1:443"));
        assert_ne!(of("10.0.0.1:80"), of("10.0.0.2:80"));
        assert_eq!(of("[2001:db8::1]:80"), of("[2001:db8::ffff:0:0:2]:80"));
        assert_ne!(of("[2001:db8::1]:80"), of("[2001:db8:0:1::1]:80"));
        assert_eq!(of("[::ffff:10.0.0.1]:80"), of("10.0.0.1:80"));
        assert_eq!(Address::of(None), of("nonsense"));
    }

    #[test]
    fn an_account_allows_ten_wrong_passwords_and_then_one_per_five_seconds() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        let mut tries = |seconds: u64, from: &str| {
            attempt(&mut throttle, now + Duration::from_secs(seconds), "ada", from, End::Wrong)
        };
        for host in 1..=10 {
            tries(0, &format!("10.0.0.{host}")).unwrap();
        }
        assert_eq!(tries(0, "10.0.0.99"), Err(Duration::from_secs(5)));
        assert_eq!(
            tries(3, "10.0.0.99"),
            Err(Duration::from_secs(2)),
            "a rejection does not extend the wait"
        );
        tries(5, "10.0.0.99").unwrap();
        assert_eq!(tries(5, "10.0.0.98"), Err(Duration::from_secs(5)));
        for host in 1..=10 {
            tries(600, &format!("10.0.0.{host}")).unwrap();
        }
    }

    #[test]
    fn an_address_allows_twenty_wrong_passwords_for_all_accounts_together() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        for account in 0..20 {
            attempt(&mut throttle, now, &format!("user{account}"), "10.0.0.1", End::Wrong).unwrap();
        }
        for account in ["user0", "new"] {
            let refused = attempt(&mut throttle, now, account, "10.0.0.1", End::Right);
            assert_eq!(refused, Err(Duration::from_secs(30)), "{account}");
        }
        attempt(&mut throttle, now, "new", "10.0.0.2", End::Right).unwrap();
    }

    #[test]
    fn a_correct_password_does_not_count_and_resets_its_account() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        for _ in 0..9 {
            attempt(&mut throttle, now, "ada", "10.0.0.1", End::Wrong).unwrap();
        }
        attempt(&mut throttle, now, "ada", "10.0.0.1", End::Right).unwrap();
        for _ in 0..10 {
            attempt(&mut throttle, now, "ada", "10.0.0.2", End::Wrong).unwrap();
        }
        for user in 0..100 {
            attempt(&mut throttle, now, &format!("user{user}"), "10.0.0.3", End::Right).unwrap();
        }
        assert_eq!(throttle.addresses.verdict(now, &address("10.0.0.3")), Verdict::Try);
    }

    #[test]
    fn nobody_can_lock_a_user_out_of_a_known_address() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        attempt(&mut throttle, now, "ada", "10.0.0.1", End::Right).unwrap();
        for host in 100..200 {
            let _ = attempt(&mut throttle, now, "ada", &format!("10.0.1.{host}"), End::Wrong);
        }
        assert!(attempt(&mut throttle, now, "ada", "10.0.2.1", End::Right).is_err());
        attempt(&mut throttle, now, "ada", "10.0.0.1", End::Right).unwrap();
        // Neither do attempts from the same address for other accounts.
        for user in 0..30 {
            let _ = attempt(&mut throttle, now, &format!("user{user}"), "10.0.0.1", End::Wrong);
        }
        attempt(&mut throttle, now, "ada", "10.0.0.1", End::Right).unwrap();
    }

    #[test]
    fn a_single_attacker_does_not_lock_out_logins_from_new_addresses() {
        let (mut throttle, start) = (Throttle::default(), Instant::now());
        let mut let_in = 0;
        // Ten minutes; the attacker is always first.
        for second in 0..600_u64 {
            let now = start + Duration::from_secs(second);
            let _ = attempt(&mut throttle, now, "ada", "10.9.9.9", End::Wrong);
            if second % 30 == 29 {
                let from = format!("10.1.{}.1", second / 30);
                let_in += u32::from(attempt(&mut throttle, now, "ada", &from, End::Unknown).is_ok());
            }
        }
        // All but the first minute, in which the attacker uses up the burst.
        assert!(let_in >= 18, "{let_in} of 20");
    }

    #[test]
    fn concurrent_attempts_wait_for_the_deciding_ones() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        let begin = |throttle: &mut Throttle| throttle.begin(now, "ada", address("10.0.0.1"));
        let mut running: Vec<_> = (0..10).map(|_| begin(&mut throttle).1.unwrap()).collect();
        assert_eq!(begin(&mut throttle), (Verdict::Wait, None));
        throttle.end(now, running.pop().unwrap(), End::Unknown);
        running.push(begin(&mut throttle).1.unwrap());
        for attempt in running {
            throttle.end(now, attempt, End::Wrong);
        }
        assert_eq!(begin(&mut throttle).0, Verdict::Refuse(Duration::from_secs(5)));
    }

    #[test]
    fn wrong_keys_are_counted_by_address() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        for _ in 0..60 {
            assert_eq!(throttle.wrong_key(now, address("10.0.0.1")), None);
        }
        assert_eq!(throttle.wrong_key(now, address("10.0.0.1")), Some(Duration::from_secs(1)));
        assert_eq!(throttle.wrong_key(now, address("10.0.0.2")), None);
    }

    #[test]
    fn codes_are_counted_by_account_and_by_address_and_existing_ones_are_taken_back() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        for _ in 0..100 {
            assert_eq!(throttle.enter_code(now, "ada", address("10.0.0.1")), None);
            throttle.right_code(now, "ada", address("10.0.0.1"));
        }
        for host in 1..=10 {
            assert_eq!(throttle.enter_code(now, "ada", address(&format!("10.0.0.{host}"))), None);
        }
        let wait = Some(Duration::from_secs(30));
        assert_eq!(throttle.enter_code(now, "ada", address("10.0.0.99")), wait);
        for user in 0..29 {
            assert_eq!(throttle.enter_code(now, &format!("user{user}"), address("10.0.0.1")), None);
        }
        let wait = Some(Duration::from_secs(10));
        assert_eq!(throttle.enter_code(now, "new", address("10.0.0.1")), wait);
    }

    #[test]
    fn one_person_cannot_keep_others_at_the_same_address_from_entering_codes() {
        let (mut throttle, start) = (Throttle::default(), Instant::now());
        // Ten minutes of wrong codes, as fast as possible.
        for second in 0..600 {
            let now = start + Duration::from_secs(second);
            let _ = throttle.enter_code(now, "mallory", address("10.0.0.1"));
            assert_eq!(throttle.enter_code(now, "ada", address("10.0.0.1")), None, "{second}");
            throttle.right_code(now, "ada", address("10.0.0.1"));
        }
    }

    #[test]
    fn a_device_is_recorded_as_used_once_a_minute() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        let (one, other) = (Uuid::new_v4(), Uuid::new_v4());
        assert!(throttle.is_first_use(now, one) && throttle.is_first_use(now, other));
        assert!(!throttle.is_first_use(now + Duration::from_secs(59), one));
        assert!(throttle.is_first_use(now + Duration::from_mins(1), one));
    }

    #[test]
    fn a_device_polls_every_five_seconds_and_an_address_starts_a_limited_number_of_logins() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        assert_eq!(throttle.poll(now, b"one"), None);
        assert_eq!(throttle.poll(now, b"two"), None);
        assert!(throttle.poll(now + Duration::from_secs(3), b"one").is_some());
        assert_eq!(throttle.poll(now + Duration::from_secs(5), b"one"), None);
        for _ in 0..60 {
            assert_eq!(throttle.start(now, address("10.0.0.1")), None);
        }
        assert_eq!(throttle.start(now, address("10.0.0.1")), Some(Duration::from_secs(5)));
        assert_eq!(throttle.start(now, address("10.0.0.2")), None);
    }

    #[test]
    fn tables_do_not_grow_without_limit() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        for number in 0..u32::try_from(MOST).unwrap() + 50 {
            let from = std::net::Ipv4Addr::from(number).to_string();
            let end = if number % 2 == 0 { End::Wrong } else { End::Right };
            attempt(&mut throttle, now, &format!("user{number}"), &from, end).unwrap();
            throttle.wrong_key(now, address(&from));
        }
        for size in [throttle.accounts.of.len(), throttle.addresses.of.len(), throttle.keys.of.len()] {
            assert!(size <= MOST, "{size}");
        }
        assert!(throttle.known.len() <= MOST);
    }
}
