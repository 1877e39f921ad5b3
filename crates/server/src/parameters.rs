//! Query parameters, read strictly: an unknown name, a repeated one and a value of the wrong shape
//! are errors that name the parameter, because a misspelt filter that is ignored is a wrong total.

use crate::problem::Problem;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use std::fmt::Display;
use std::str::FromStr;

/// More than anybody types; a bound on what one request can make us keep.
const MAX_PARAMETERS: usize = 256;

/// The parameters of one request. Take what the endpoint knows, then [`Parameters::finish`].
#[derive(Debug)]
pub(crate) struct Parameters {
    pairs: Vec<(String, String)>,
    known: Vec<&'static str>,
}

impl Parameters {
    fn parse(query: &str) -> Result<Self, Problem> {
        let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes())
            .take(MAX_PARAMETERS + 1)
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        if pairs.len() > MAX_PARAMETERS {
            return Err(Problem::bad_request(format!("more than {MAX_PARAMETERS} query parameters")));
        }
        Ok(Self { pairs, known: Vec::new() })
    }

    /// Every value of a parameter that may be repeated.
    pub(crate) fn many(&mut self, name: &'static str) -> Vec<String> {
        self.known.push(name);
        let (taken, rest) = std::mem::take(&mut self.pairs).into_iter().partition(|(n, _)| n == name);
        self.pairs = rest;
        let taken: Vec<(String, String)> = taken;
        taken.into_iter().map(|(_, value)| value).collect()
    }

    /// The value of a parameter that may be given once.
    pub(crate) fn one(&mut self, name: &'static str) -> Result<Option<String>, Problem> {
        let mut values = self.many(name);
        if values.len() > 1 {
            return Err(Problem::bad_request(format!(
                "`{name}` is given {} times; once is enough",
                values.len()
            )));
        }
        Ok(values.pop())
    }

    /// The value of a parameter, parsed; the error repeats what the parser says.
    pub(crate) fn parsed<T>(&mut self, name: &'static str) -> Result<Option<T>, Problem>
    where
        T: FromStr,
        T::Err: Display,
    {
        let parse = |text: String| text.parse().map_err(|e| Problem::bad_request(format!("`{name}`: {e}")));
        self.one(name)?.map(parse).transpose()
    }

    /// A number within bounds, or the default.
    pub(crate) fn number(
        &mut self,
        name: &'static str,
        bounds: std::ops::RangeInclusive<usize>,
    ) -> Result<Option<usize>, Problem> {
        let Some(text) = self.one(name)? else { return Ok(None) };
        // Digits only: `+5` and ` 5` are not how the document spells an integer.
        let number =
            Some(&text).filter(|t| t.bytes().all(|b| b.is_ascii_digit())).and_then(|t| t.parse().ok());
        match number.filter(|n| bounds.contains(n)) {
            Some(number) => Ok(Some(number)),
            None => Err(Problem::bad_request(format!(
                "`{name}` is `{}`: expected a whole number from {} to {}",
                shown(&text),
                bounds.start(),
                bounds.end()
            ))),
        }
    }

    /// Refuses what nobody asked for.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        let Some((name, _)) = self.pairs.first() else { return Ok(()) };
        let near = near(name, self.known.iter().copied());
        let hint = match near.first() {
            Some(best) => format!("did you mean `{best}`?"),
            None if self.known.is_empty() => "this endpoint takes none".to_owned(),
            None => format!("known are {}", self.known.join(", ")),
        };
        Err(Problem::bad_request(format!("there is no parameter `{}`; {hint}", shown(name))).suggesting(near))
    }
}

/// At most three names like the given one, nearest first.
pub(crate) fn near<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Vec<String> {
    let wanted = name.to_lowercase();
    let mut scored: Vec<(f64, &str)> = known
        .map(|candidate| (strsim::jaro_winkler(&wanted, &candidate.to_lowercase()), candidate))
        .filter(|(score, _)| *score > 0.82)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    scored.into_iter().take(3).map(|(_, candidate)| candidate.to_owned()).collect()
}

/// User text as a message may repeat it.
pub(crate) fn shown(text: &str) -> String {
    let mut shown: String =
        text.chars().take(80).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().count() > 80 {
        shown.push('…');
    }
    shown
}

impl<S: Sync> FromRequestParts<S> for Parameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::parse(parts.uri.query().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(query: &str) -> Parameters {
        Parameters::parse(query).unwrap()
    }

    fn detail(problem: Problem) -> String {
        serde_json::to_value(problem).unwrap()["detail"].as_str().unwrap().to_owned()
    }

    #[test]
    fn a_typo_is_an_error_that_knows_better() {
        let mut given = parameters("grian=day");
        given.one("grain").unwrap();
        assert_eq!(
            detail(given.finish().unwrap_err()),
            "there is no parameter `grian`; did you mean `grain`?"
        );
        assert_eq!(
            detail(parameters("x=1").finish().unwrap_err()),
            "there is no parameter `x`; this endpoint takes none"
        );
    }

    #[test]
    fn values_are_taken_once_or_many_times() {
        let mut given = parameters("top=5&where=A%3Db&where=C%3Dd");
        assert_eq!(given.number("top", 1..=10).unwrap(), Some(5));
        assert_eq!(given.many("where"), ["A=b", "C=d"]);
        assert!(given.finish().is_ok());
        assert!(parameters("top=1&top=2").one("top").is_err());
        for bad in ["0", "11", "-1", "+5", "5.0", "", "99999999999999999999999"] {
            assert!(parameters(&format!("top={bad}")).number("top", 1..=10).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_number_of_parameters_is_bounded() {
        assert!(Parameters::parse(&"a=1&".repeat(MAX_PARAMETERS + 1)).is_err());
    }
}
