//! PKCS#11 modules: libraries that access one kind of token.

use super::fault::{failed, fault};
use super::token::Token;
use super::uri::Uri;
use connector_core::{ErrorKind, Result};
use connector_files::Role;
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error as Cause, RvError};
use cryptoki::slot::{Slot, TokenInfo};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The started modules. A module is started only once per process, and so is the login to each of its tokens, because both
/// apply to the whole process and not to one session.
static MODULES: Mutex<BTreeMap<PathBuf, Arc<Module>>> = Mutex::new(BTreeMap::new());

/// A started module.
#[derive(Debug)]
pub(super) struct Module {
    context: Pkcs11,
    tokens: Mutex<BTreeMap<(u64, String), Arc<Token>>>,
}

impl Module {
    /// Loads and starts the module in this file, unless it is already started.
    pub(super) fn at(path: &Path) -> Result<Arc<Self>> {
        let mut modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(module) = modules.get(path) {
            return Ok(module.clone());
        }
        let module = Arc::new(Self { context: start(path)?, tokens: Mutex::default() });
        modules.insert(path.to_owned(), module.clone());
        Ok(module)
    }

    /// The only token that matches the URI.
    pub(super) fn token(&self, uri: &Uri) -> Result<Arc<Token>> {
        let all = self.tokens_there()?;
        let mut fitting = all.iter().filter(|(_, info)| fits(info, uri));
        let (Some((slot, info)), None) = (fitting.next(), fitting.next()) else {
            return Err(no_token(&all, uri));
        };
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let token = tokens
            .entry((slot.id(), info.serial_number().to_owned()))
            .or_insert_with(|| Arc::new(Token::new(self.context.clone(), *slot, info.label().to_owned())));
        Ok(token.clone())
    }

    fn tokens_there(&self) -> Result<Vec<(Slot, TokenInfo)>> {
        let slots = self.context.get_slots_with_token().map_err(|cause| failed("looking for tokens", cause))?;
        let tokens = slots.into_iter().filter_map(|slot| Some((slot, self.context.get_token_info(slot).ok()?)));
        Ok(tokens.filter(|(_, info)| info.token_initialized()).collect())
    }
}

fn start(path: &Path) -> Result<Pkcs11> {
    let shown = path.display();
    if !path.is_file() {
        return Err(fault(format!("the PKCS#11 module `{shown}` does not exist")).with_help(
            "check `module-path`; the module is part of the token's software: `libsofthsm2.so` in SoftHSM, `opensc-pkcs11.so` in OpenSC",
        ));
    }
    // Loading a library runs it. Links are normal among libraries, so the check is of the file that they lead to.
    let real = path.canonicalize().map_err(|cause| fault(format!("can't open `{shown}`: {cause}")))?;
    connector_files::check(&real, Role::Instructions, u64::MAX).map_err(|why| why.into_error(ErrorKind::Secret))?;
    let context = Pkcs11::new(path).map_err(|cause| {
        fault(format!("can't load `{shown}` as a PKCS#11 module: {cause}"))
            .with_help("check that it is a PKCS#11 module and was built for this machine")
            .with_cause(cause)
    })?;
    match context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) | Err(Cause::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(context),
        Err(cause) => Err(failed(&format!("starting the PKCS#11 module `{shown}`"), cause)),
    }
}

fn fits(info: &TokenInfo, uri: &Uri) -> bool {
    let is = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|wanted| wanted == found);
    is(&uri.token, info.label())
        && is(&uri.serial, info.serial_number())
        && is(&uri.manufacturer, info.manufacturer_id())
        && is(&uri.model, info.model())
}

/// The error if no token matches, or if several match.
fn no_token(all: &[(Slot, TokenInfo)], uri: &Uri) -> connector_core::Error {
    let names: Vec<_> =
        all.iter().map(|(_, info)| format!("`{}` (serial={})", info.label(), info.serial_number())).collect();
    let there = names.join(", ");
    if all.is_empty() {
        return fault("the PKCS#11 module finds no token")
            .with_help("connect the token, or check the configuration of the module; for SoftHSM, check `SOFTHSM2_CONF` and run `softhsm2-util --show-slots`");
    }
    if all.iter().any(|(_, info)| fits(info, uri)) {
        return fault("several tokens match the ref")
            .with_help(format!("add `token` or `serial` to select one; the tokens are {there}"));
    }
    let wanted = uri.token.as_deref().map_or_else(|| "that matches the ref".to_owned(), |name| format!("`{name}`"));
    fault(format!("the PKCS#11 module finds no token {wanted}"))
        .with_help(format!("check the ref; the tokens are {there}"))
}
