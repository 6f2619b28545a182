//! Access to single variables: parsing, defaults and error messages.

use std::{fmt, str::FromStr};

use super::{InvalidConfig, invalid};

pub struct Environment<F>(pub F);

impl<F: Fn(&'static str) -> Result<Option<String>, String>> Environment<F> {
    /// Returns a variable. An empty variable counts as unset, because shells and compose files set such ones.
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

    /// Refuses variables that only have a meaning together with another setting: they would be ignored silently.
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
