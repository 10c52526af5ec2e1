//! Tokens and the keys in them.

use crate::process::SoftHsm;
use connector_keys::PublicKey;
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use openssl::asn1::Asn1Time;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use openssl::x509::{X509, X509Name};

const OFFICER: &str = "the-officers-pin";

/// A token with a name and a PIN.
#[derive(Debug)]
pub struct Token {
    context: Pkcs11,
    slot: Slot,
    pin: String,
}

impl Token {
    /// Makes a token.
    ///
    /// # Panics
    ///
    /// When SoftHSM does not.
    pub fn make(hsm: &SoftHsm, name: &str, pin: &str) -> Self {
        let context = Pkcs11::new(hsm.module()).expect("SoftHSM is a module");
        // Whoever speaks with it in this process has started it, or this does.
        let _ = context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK));
        let free = context.get_slots_with_token().expect("SoftHSM has slots");
        let slot = *free.last().expect("the last slot of SoftHSM is free");
        context.init_token(slot, &AuthPin::from(OFFICER), name).expect("the slot is free");
        let token = Self { context, slot, pin: pin.to_owned() };
        token.set_pin(pin);
        token
    }

    /// Sets another PIN, as the security officer may.
    ///
    /// # Panics
    ///
    /// When the token refuses.
    pub fn set_pin(&self, pin: &str) {
        let session = self.context.open_rw_session(self.slot).expect("the token is there");
        session.login(UserType::So, Some(&AuthPin::from(OFFICER))).expect("the officer's PIN is right");
        session.init_pin(&AuthPin::from(pin)).expect("the officer may set it");
        session.logout().expect("the officer is signed in");
    }

    /// Creates an RSA key pair inside the token. The private key can't leave the token.
    ///
    /// # Panics
    ///
    /// When the token refuses.
    pub fn make_rsa(&self, label: &str, id: &[u8], bits: u32) -> PublicKey {
        let public = [
            Attribute::Token(true),
            Attribute::ModulusBits(u64::from(bits).into()),
            Attribute::PublicExponent(vec![1, 0, 1]),
            Attribute::Verify(true),
            Attribute::Label(label.as_bytes().to_vec()),
            Attribute::Id(id.to_vec()),
        ];
        let session = self.session();
        let (public, _) = session
            .generate_key_pair(&Mechanism::RsaPkcsKeyPairGen, &public, &Self::private(label, id))
            .expect("SoftHSM makes RSA keys");
        let numbers = session
            .get_attributes(public, &[AttributeType::Modulus, AttributeType::PublicExponent])
            .expect("a public key is public");
        let [Attribute::Modulus(modulus), Attribute::PublicExponent(exponent)] = &numbers[..] else {
            panic!("not what was asked for: {numbers:?}")
        };
        PublicKey::from_rsa(modulus, exponent).expect("it is an RSA key")
    }

    /// Makes a key pair on the curve P-256 inside of the token.
    ///
    /// # Panics
    ///
    /// When the token refuses.
    pub fn make_ec(&self, label: &str, id: &[u8]) {
        const P256: [u8; 10] = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
        let public = [Attribute::Token(true), Attribute::EcParams(P256.to_vec()), Attribute::Id(id.to_vec())];
        self.session()
            .generate_key_pair(&Mechanism::EccKeyPairGen, &public, &Self::private(label, id))
            .expect("SoftHSM makes EC keys");
    }

    fn private(label: &str, id: &[u8]) -> [Attribute; 7] {
        [
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Sign(true),
            Attribute::Label(label.as_bytes().to_vec()),
            Attribute::Id(id.to_vec()),
        ]
    }

    fn session(&self) -> Session {
        let session = self.context.open_rw_session(self.slot).expect("the token is there");
        session.login(UserType::User, Some(&AuthPin::from(self.pin.as_str()))).expect("the PIN is right");
        session
    }

    /// A certificate for a public key, from an authority that is thrown away.
    ///
    /// # Panics
    ///
    /// When OpenSSL does not make it.
    pub fn certificate_for(key: &PublicKey, days: u32) -> String {
        let authority = PKey::from_rsa(Rsa::generate(2048).expect("OpenSSL makes RSA keys")).expect("it is a key");
        let name = |text: &str| {
            let mut name = X509Name::builder().expect("a name can be made");
            name.append_entry_by_nid(Nid::COMMONNAME, text).expect("the text is short");
            name.build()
        };
        let public = PKey::public_key_from_der(&key.to_der().expect("it is a key")).expect("it is a key");
        let now = Asn1Time::days_from_now(0).expect("there is a time");
        let end = Asn1Time::days_from_now(days).expect("there is a time");
        let mut builder = X509::builder().expect("a certificate can be made");
        builder
            .set_version(2)
            .and_then(|()| builder.set_subject_name(&name("a key in a token")))
            .and_then(|()| builder.set_issuer_name(&name("an authority of a test")))
            .and_then(|()| builder.set_not_before(&now))
            .and_then(|()| builder.set_not_after(&end))
            .and_then(|()| builder.set_pubkey(&public))
            .and_then(|()| builder.sign(&authority, MessageDigest::sha256()))
            .expect("the authority signs");
        let pem = builder.build().to_pem().expect("a certificate has a PEM form");
        String::from_utf8(pem).expect("PEM is ASCII")
    }
}
