//! Which passwords may be chosen.

use super::Password;
use super::blocklist::CommonPasswords;
use super::worth::{Piece, worth};
use bursar_domain::EmailAddress;

/// Counted as in [`super::worth`]: what is left when everything trivial is taken out.
const MIN_WORTH_ALONE: usize = 8;
const MIN_WORTH_WITH_SECOND: usize = 5;
/// Words of the person or the product that are shorter are in too many other words.
const MIN_CONTEXT_CHARS: usize = 4;

/// What else is asked for at sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Factors {
    /// Nothing: the password is all there is.
    PasswordAlone,
    /// A one-time code is always asked for too.
    WithSecond,
}

/// How long a password must be, in characters (code points after normalisation).
///
/// No rules about kinds of characters, no expiry: SP 800-63B-4 forbids both, because they make
/// passwords worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordPolicy {
    alone: usize,
    with_second: usize,
}

impl Default for PasswordPolicy {
    /// SP 800-63B-4 §3.1.1.2: 15 when the password is the only factor, 8 otherwise.
    fn default() -> Self {
        Self { alone: 15, with_second: 8 }
    }
}

/// What a password must not be made of.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context<'a> {
    /// The person's address.
    pub email: Option<&'a EmailAddress>,
    /// The person's name, the installation's host and the like; they are cut at blanks and signs.
    pub words: &'a [&'a str],
}

/// Why a password may not be chosen. The texts are for the person choosing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Weakness {
    /// Shorter than the policy says.
    #[error("the password needs at least {min} characters: a few words in a row are easy to remember")]
    TooShort {
        /// How many it needs.
        min: usize,
    },
    /// On the list, as it is or with the usual replacements.
    #[error("this is one of the first passwords that others would try: choose another")]
    Common,
    /// Little is left without the name, the address or the product.
    #[error("the password is mostly your address, your name or the name of this product: choose another")]
    Personal,
    /// Little is left without repetitions and rows of keys.
    #[error("the password is mostly repetitions, counting or rows of keys: choose another")]
    Repetitive,
    /// Little is left without common passwords and years.
    #[error("the password is mostly made of common passwords and years: add a few words of your own")]
    Guessable,
}

impl PasswordPolicy {
    /// A stricter policy than the default; values below the default's are raised to it.
    #[must_use]
    pub fn at_least(alone: usize, with_second: usize) -> Self {
        let least = Self::default();
        Self { alone: alone.clamp(least.alone, 256), with_second: with_second.clamp(least.with_second, 256) }
    }

    /// The length asked for.
    #[must_use]
    pub fn min_chars(&self, factors: Factors) -> usize {
        match factors {
            Factors::PasswordAlone => self.alone,
            Factors::WithSecond => self.with_second,
        }
    }

    /// Whether the password may be chosen. Not for sign-in: an old password must still open the door
    /// behind which it can be changed.
    ///
    /// # Errors
    /// The reason why not.
    pub fn check(
        &self,
        password: &Password,
        factors: Factors,
        context: &Context<'_>,
        common: &CommonPasswords,
    ) -> Result<(), Weakness> {
        let min = self.min_chars(factors);
        if password.expose().chars().count() < min {
            return Err(Weakness::TooShort { min });
        }
        let lower = zeroize::Zeroizing::new(password.expose().to_lowercase());
        if common.contain(&lower) {
            return Err(Weakness::Common);
        }
        let needed = match factors {
            Factors::PasswordAlone => MIN_WORTH_ALONE,
            Factors::WithSecond => MIN_WORTH_WITH_SECOND,
        };
        let (worth, pieces) = worth(&lower, &context.all_words(), common);
        if worth >= needed {
            return Ok(());
        }
        let has = |piece: Piece| pieces.contains(&piece);
        Err(if has(Piece::Context) {
            Weakness::Personal
        } else if has(Piece::Common) || has(Piece::Year) {
            Weakness::Guessable
        } else {
            Weakness::Repetitive
        })
    }
}

impl Context<'_> {
    fn all_words(&self) -> Vec<String> {
        let email = self.email.map(|email| email.as_str()).into_iter();
        let texts = email.chain(self.words.iter().copied()).chain(["bursar"]);
        // The address and its first half as a whole, too: short parts of them are in too many other words.
        let whole = self
            .email
            .map(|email| email.as_str())
            .into_iter()
            .flat_map(|email| [Some(email), email.split('@').next()]);
        let words = texts.flat_map(|text| text.split(|c: char| !c.is_alphanumeric())).chain(whole.flatten());
        let mut words: Vec<String> =
            words.filter(|word| word.chars().count() >= MIN_CONTEXT_CHARS).map(str::to_lowercase).collect();
        words.sort_unstable();
        words.dedup();
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(password: &str, factors: Factors) -> Result<(), Weakness> {
        let email = "ana.lindqvist@northwind.example".parse().unwrap();
        let context = Context { email: Some(&email), words: &["Ana Lindqvist", "costs.northwind.example"] };
        let password = Password::new(password.to_owned().into()).unwrap();
        PasswordPolicy::default().check(&password, factors, &context, CommonPasswords::bundled())
    }

    #[test]
    fn trivial_passwords_are_refused() {
        // claim C10
        for (password, why) in [
            ("short but good", Weakness::TooShort { min: 15 }),
            ("passwordpassword", Weakness::Guessable),
            ("password1234567", Weakness::Guessable),
            ("P@ssw0rdP@ssw0rd", Weakness::Guessable),
            ("Sunshine2024!!!!", Weakness::Guessable),
            ("aaaaaaaaaaaaaaaa", Weakness::Repetitive),
            ("abababababababab", Weakness::Repetitive),
            ("123456789012345", Weakness::Repetitive),
            ("qwertyuiopasdfghjkl", Weakness::Repetitive),
            ("zaq12wsxcde34rfv", Weakness::Repetitive),
            ("lindqvistlindqvist", Weakness::Personal),
            ("northwind20261234", Weakness::Personal),
            ("BursarBursarBursar1", Weakness::Personal),
        ] {
            let result = check(password, Factors::PasswordAlone);
            match why {
                // The list may know some of them as a whole.
                Weakness::TooShort { .. } | Weakness::Personal => assert_eq!(result, Err(why), "{password}"),
                _ => assert!(result.is_err(), "{password} was let through"),
            }
        }
    }

    #[test]
    fn eight_characters_do_where_a_code_is_asked_for_too() {
        assert_eq!(check("k7#vR2pw", Factors::WithSecond), Ok(()));
        assert_eq!(check("k7#vR2p", Factors::WithSecond), Err(Weakness::TooShort { min: 8 }));
        assert_eq!(check("password", Factors::WithSecond), Err(Weakness::Common));
        assert_eq!(check("PassWord", Factors::WithSecond), Err(Weakness::Common));
        assert!(check("Passw0rd!", Factors::WithSecond).is_err());
        assert!(check("bursar2026", Factors::WithSecond).is_err());
    }

    #[test]
    fn good_passwords_of_any_kind_are_let_through() {
        for password in [
            "correct horse battery staple",
            "nur kleine buchstaben hier",
            "tpvkqzmhwxjbrlcd",
            "9f86d081884c7d659a2f",
            "Ich mag Käse & Wein am Abend",
            "пароль который я помню",
            "我喜欢在山上看日出并喝一杯热茶吧",
        ] {
            assert_eq!(check(password, Factors::PasswordAlone), Ok(()), "{password}");
        }
    }

    #[test]
    fn the_policy_can_only_be_made_stricter() {
        let policy = PasswordPolicy::at_least(1, 20);
        assert_eq!(
            (policy.min_chars(Factors::PasswordAlone), policy.min_chars(Factors::WithSecond)),
            (15, 20)
        );
    }

    #[test]
    fn the_longest_password_is_checked_in_no_time() {
        let started = std::time::Instant::now();
        let _ = check(&"aB3$".repeat(256), Factors::PasswordAlone);
        assert!(started.elapsed().as_secs() < 2, "{:?}", started.elapsed());
    }
}
