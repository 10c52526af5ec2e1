//! A token: one login and one session for the whole process.

use super::fault::{failed, fault};
use connector_core::{Error, Result};
use cryptoki::context::Pkcs11;
use cryptoki::error::{Error as Cause, RvError};
use cryptoki::mechanism::MechanismType;
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use secrecy::{ExposeSecret, SecretString};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A token in its slot.
#[derive(Debug)]
pub(super) struct Token {
    context: Pkcs11,
    slot: Slot,
    label: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    session: Option<Session>,
    users: usize,
    /// The PIN that the token refused. Connector never tries it again, because tokens lock after a few wrong tries.
    refused: Option<SecretString>,
}

/// The right to use the token's session. Dropping the last one logs out.
#[derive(Debug)]
pub(super) struct Admission(Arc<Token>);

impl Token {
    pub(super) fn new(context: Pkcs11, slot: Slot, label: String) -> Self {
        Self { context, slot, label, state: Mutex::default() }
    }

    /// Its name, for messages.
    pub(super) fn label(&self) -> &str {
        &self.label
    }

    /// Whether it can sign with that mechanism.
    pub(super) fn knows(&self, mechanism: MechanismType) -> Result<bool> {
        let mechanisms = self
            .context
            .get_mechanism_list(self.slot)
            .map_err(|cause| failed("reading the mechanisms of the token", cause))?;
        Ok(mechanisms.contains(&mechanism))
    }

    /// Logs in, unless the process is already logged in.
    pub(super) fn enter(self: &Arc<Self>, pin: Option<&SecretString>) -> Result<Admission> {
        let mut state = self.state();
        if state.session.is_none() {
            let session = self.log_in(&mut state, pin)?;
            state.session = Some(session);
        }
        state.users += 1;
        Ok(Admission(self.clone()))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn log_in(&self, state: &mut State, pin: Option<&SecretString>) -> Result<Session> {
        let label = &self.label;
        let info =
            self.context.get_token_info(self.slot).map_err(|cause| failed("reading the state of the token", cause))?;
        let open = || self.context.open_ro_session(self.slot).map_err(|cause| failed("opening the token", cause));
        if !info.login_required() {
            return open();
        }
        let Some(pin) = pin else {
            return Err(fault(format!("the token `{label}` needs a PIN, but the source has no ref to it"))
                .with_help("reference the PIN with `key_password_ref`, for example `env:TOKEN_PIN`"));
        };
        if state.refused.as_ref().is_some_and(|refused| refused.expose_secret() == pin.expose_secret()) {
            return Err(wrong_pin(label));
        }
        if info.user_pin_locked() {
            return Err(locked(label));
        }
        if info.user_pin_final_try() {
            return Err(fault(format!("the token `{label}` has only one try left before it locks the PIN, so Connector does not try to log in"))
                .with_help("log in yourself with the correct PIN, for example `pkcs11-tool --module MODULE --login --list-objects`"));
        }
        let session = open()?;
        match session.login(UserType::User, Some(&AuthPin::from(pin.expose_secret()))) {
            Ok(()) | Err(Cause::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(session),
            Err(Cause::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange, _)) => {
                state.refused = Some(pin.clone());
                Err(wrong_pin(label))
            }
            Err(Cause::Pkcs11(RvError::PinLocked, _)) => Err(locked(label)),
            Err(Cause::Pkcs11(RvError::UserPinNotInitialized, _)) => {
                Err(fault(format!("the token `{label}` has no user PIN yet"))
                    .with_help("set a PIN with the token's tools, for example `softhsm2-util --init-token` or `pkcs11-tool --init-pin`"))
            }
            Err(cause) => Err(failed(&format!("logging in to the token `{label}`"), cause)),
        }
    }
}

impl Admission {
    /// The token.
    pub(super) fn token(&self) -> &Token {
        &self.0
    }

    /// Calls `work` in the session, one caller at a time.
    pub(super) fn with<T>(&self, call: impl FnOnce(&Session) -> Result<T>) -> Result<T> {
        let state = self.0.state();
        let Some(session) = &state.session else { return Err(fault("the token closed the session")) };
        call(session)
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.users -= 1;
        if state.users == 0
            && let Some(session) = state.session.take()
        {
            // Closing the last session also ends the login. A removed token has already ended it.
            let _ = session.logout();
        }
    }
}

fn wrong_pin(label: &str) -> Error {
    fault(format!("the token `{label}` refused the PIN, and Connector does not try it again")).with_help(
        "check the PIN that `key_password_ref` references before the next try: a token locks after a few wrong PINs",
    )
}

fn locked(label: &str) -> Error {
    fault(format!("the token `{label}` is locked after too many wrong PINs")).with_help(
        "ask its security officer to set a new PIN, for example with `pkcs11-tool --login --login-type so --init-pin`",
    )
}
