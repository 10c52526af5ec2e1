//! PKCS#11 modules: libraries that speak with one kind of token.

use super::fault::{failed, fault};
use super::token::Token;
use super::uri::Uri;
use connector_core::Result;
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error as Cause, RvError};
use cryptoki::slot::{Slot, TokenInfo};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// A module is started once in a process, whoever asks, and so is the login to each of its tokens: both count for the
/// whole process, whatever session they were made in.
static MODULES: Mutex<BTreeMap<PathBuf, Arc<Module>>> = Mutex::new(BTreeMap::new());

/// A started module.
#[derive(Debug)]
pub(super) struct Module {
    context: Pkcs11,
    tokens: Mutex<BTreeMap<(u64, String), Arc<Token>>>,
}

impl Module {
    /// Loads and starts the module in this file, if that was not done before.
    pub(super) fn at(path: &Path) -> Result<Arc<Self>> {
        let mut modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(module) = modules.get(path) {
            return Ok(module.clone());
        }
        let module = Arc::new(Self { context: start(path)?, tokens: Mutex::default() });
        modules.insert(path.to_owned(), module.clone());
        Ok(module)
    }

    /// The one token that fits the URI.
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
        return Err(fault(format!("there is no PKCS#11 module `{shown}`")).with_help(
            "check `module-path`: it comes with the token's software, `libsofthsm2.so` with SoftHSM, `opensc-pkcs11.so` with OpenSC",
        ));
    }
    let context = Pkcs11::new(path).map_err(|cause| {
        fault(format!("`{shown}` can't be loaded as a PKCS#11 module: {cause}"))
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

/// No token fits, or several do.
fn no_token(all: &[(Slot, TokenInfo)], uri: &Uri) -> connector_core::Error {
    let names: Vec<_> =
        all.iter().map(|(_, info)| format!("`{}` (serial={})", info.label(), info.serial_number())).collect();
    let there = names.join(", ");
    if all.is_empty() {
        return fault("the PKCS#11 module sees no token")
            .with_help("plug it in, or check the configuration of the module; for SoftHSM, `SOFTHSM2_CONF` and `softhsm2-util --show-slots`");
    }
    if all.iter().any(|(_, info)| fits(info, uri)) {
        return fault("several tokens fit the ref")
            .with_help(format!("say which, by `token` or `serial`: there are {there}"));
    }
    let wanted = uri.token.as_deref().map_or_else(|| "that fits the ref".to_owned(), |name| format!("`{name}`"));
    fault(format!("the PKCS#11 module sees no token {wanted}")).with_help(format!("check the ref: there are {there}"))
}
