//! One variable at a time: what it must be, and what is said when it is not.

use std::{fmt, str::FromStr};

use super::{InvalidConfig, invalid};

pub struct Environment<F>(pub F);

impl<F: Fn(&'static str) -> Result<Option<String>, String>> Environment<F> {
    /// An empty variable counts as unset, as shells and compose files leave them.
    pub fn text(&self, variable: &'static str) -> Result<Option<String>, InvalidConfig> {
        let value = (self.0)(variable).map_err(|reason| invalid(variable, reason))?;
        Ok(value.filter(|value| !value.is_empty()))
    }

    pub fn optional<T>(
        &self,
        variable: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, InvalidConfig> {
        let value = self.text(variable)?;
        value
            .map(|value| parse(&value).map_err(|reason| invalid(variable, reason)))
            .transpose()
    }

    pub fn parsed<T>(
        &self,
        variable: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
        default: &str,
    ) -> Result<T, InvalidConfig> {
        let value = self.text(variable)?;
        parse(value.as_deref().unwrap_or(default)).map_err(|reason| invalid(variable, reason))
    }

    /// Refuses what only means something together with another setting: it would be quietly ignored.
    pub fn refuse(
        &self,
        variables: &[&'static str],
        reason: &'static str,
    ) -> Result<(), InvalidConfig> {
        for variable in variables {
            if self.text(variable)?.is_some() {
                return Err(invalid(variable, reason));
            }
        }
        Ok(())
    }
}

pub fn number<T: FromStr + PartialOrd + fmt::Display + Copy>(
    range: std::ops::RangeInclusive<T>,
) -> impl Fn(&str) -> Result<T, String> {
    move |text| {
        text.parse()
            .ok()
            .filter(|number| range.contains(number))
            .ok_or_else(|| {
                format!(
                    "must be a whole number from {} to {}",
                    range.start(),
                    range.end()
                )
            })
    }
}
