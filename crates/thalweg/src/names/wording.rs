//! What a run says of its end, in the words of the name that the user typed.

use thalweg_core::{Verdict, words};

use super::{Preset, PresetOption, Target};

/// How the end of a run is told under a public name.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wording {
    success_message: Option<&'static str>,
    options: &'static [PresetOption],
}

impl Wording {
    pub(crate) fn of(preset: &'static Preset) -> Self {
        Wording { success_message: preset.success_message, options: preset.options }
    }

    /// The message for the end of a run.
    pub(crate) fn message(&self, verdict: &Verdict) -> String {
        match self.success_message {
            Some(message) if verdict.is_success() => message.to_string(),
            _ => self.with_public_names(verdict.to_string()),
        }
    }

    /// What the algorithm itself says, where the message is another.
    pub(crate) fn termination(&self, verdict: &Verdict) -> Option<String> {
        self.success_message.map(|_| self.with_public_names(verdict.to_string()))
    }

    /// The text with the option in parentheses at its end under its public name. Limits keep their names: all algorithms have them.
    fn with_public_names(&self, text: String) -> String {
        let option = text.rsplit_once(" (").and_then(|(_, tail)| tail.strip_suffix(')'));
        let public = option.and_then(|option| self.public_name(option));
        match (option, public) {
            (Some(option), Some(public)) => {
                format!("{}{public})", &text[..text.len() - option.len() - 1])
            }
            _ => text,
        }
    }

    /// The name under which users of the public name know a native option, if it is another.
    pub(crate) fn public_name(&self, native: &str) -> Option<String> {
        let stands_for =
            |row: &PresetOption| matches!(row.target, Target::Native(name) if name == native);
        if words::LIMITS.iter().any(|word| word.name == native)
            || self.options.iter().any(|row| row.name == native && stands_for(row))
        {
            return None;
        }
        self.options.iter().find_map(|row| match row.target {
            Target::Group(entries) => {
                let entry = entries.iter().find(|entry| stands_for(entry))?;
                Some(format!("{}.{}", row.name, entry.name))
            }
            _ => stands_for(row).then(|| row.name.to_string()),
        })
    }
}

#[cfg(test)]
mod tests {
    use thalweg_core::Test;

    use super::*;
    use crate::resolve::resolve;

    fn message(algorithm: &str, option: &'static str) -> String {
        let test = Test { measure: "measure", value: 1.0, tolerance: 2.0, option };
        resolve(algorithm).unwrap().wording().message(&Verdict::Converged(test))
    }

    #[test]
    fn options_are_told_under_the_names_that_users_know() {
        for (algorithm, native, public) in [
            ("scipy_cobyla", "convergence_xtol_abs", "convergence_xtol_rel"),
            ("scipy_cobyla", "convergence_xtol_rel", "convergence_radius_rel"),
            ("nlopt_cobyla", "convergence_xtol_rel", "convergence_xtol_rel"),
            ("nag_dfols", "convergence_value_scaled", "convergence_ftol_scaled"),
            ("nag_pybobyqa", "convergence_slow_progress_steps", "convergence_slow_progress_steps"),
            (
                "nag_dfols",
                "convergence_slow_progress_steps",
                "convergence_slow_progress.max_insufficient_improvements",
            ),
            ("cobyla", "convergence_xtol_abs", "convergence_xtol_abs"),
            ("scipy_cobyla", "tolerance", "tolerance"),
        ] {
            let expected = format!("converged: measure 1.000e0 <= 2.000e0 ({public})");
            assert_eq!(message(algorithm, native), expected, "{algorithm}");
        }
    }

    #[test]
    fn other_ends_keep_their_words() {
        let wording = resolve("scipy_cobyla").unwrap().wording();
        let stalled = Verdict::Stalled("the step (in x) is zero".into());
        assert_eq!(wording.message(&stalled), "no further progress: the step (in x) is zero");
        assert_eq!(message("scipy_neldermead", "f"), "Optimization terminated successfully.");
    }
}
