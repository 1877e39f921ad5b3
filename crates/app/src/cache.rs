//! Answers given before, as long as the deliveries are the same.

use crate::answer::Answer;
use crate::question::Question;
use bursar_domain::Scope;
use std::collections::{HashMap, VecDeque};

/// Answers kept.
const ANSWERS: usize = 256;
/// Rows of an answer worth keeping; larger ones are exports.
const ROWS: usize = 5_000;

/// A question, and what its asker may see.
type Asked = (Scope, Question);

/// Answers by question, of one version of the catalogue.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    version: u64,
    answers: HashMap<Asked, Answer>,
    order: VecDeque<Asked>,
}

impl Cache {
    /// The answer given before.
    pub(crate) fn get(&self, scope: &Scope, question: &Question, version: u64) -> Option<Answer> {
        if self.version != version {
            return None;
        }
        self.answers.get(&(scope.clone(), question.clone())).cloned()
    }

    /// Keeps an answer; the first of a newer version forgets all older ones.
    pub(crate) fn put(&mut self, scope: Scope, question: Question, version: u64, answer: &Answer) {
        if version < self.version || answer.rows.len() > ROWS {
            return;
        }
        if version > self.version {
            *self = Self { version, ..Self::default() };
        }
        let asked = (scope, question);
        if self.answers.insert(asked.clone(), answer.clone()).is_none() {
            self.order.push_back(asked);
        }
        if self.order.len() > ANSWERS
            && let Some(oldest) = self.order.pop_front()
        {
            self.answers.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Workspace;

    #[test]
    fn an_answer_is_kept_until_the_deliveries_change() {
        let mut cache = Cache::default();
        let of = |top| Question { top: Some(top), ..Question::default() };
        let answer = |top: usize| Workspace::nothing(of(top), top.to_string());
        cache.put(Scope::All, of(1), 1, &answer(1));
        assert_eq!(cache.get(&Scope::All, &of(1), 1), Some(answer(1)));
        assert_eq!(cache.get(&Scope::nothing(), &of(1), 1), None, "somebody else's answer");
        assert_eq!(cache.get(&Scope::All, &of(1), 2), None);
        cache.put(Scope::All, of(2), 2, &answer(2));
        assert_eq!(cache.get(&Scope::All, &of(1), 1), None);
        cache.put(Scope::All, of(3), 1, &answer(3));
        assert_eq!(cache.get(&Scope::All, &of(3), 1), None);
        for top in 0..1_000 {
            cache.put(Scope::All, of(top), 2, &answer(top));
        }
        assert_eq!((cache.answers.len(), cache.order.len()), (ANSWERS, ANSWERS));
    }
}
