//! Packages that end with their signature.

use core::ffi::CStr;
use core::fmt;

use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::ecdsa::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};

use super::trailer::Trailer;
use super::{Verifier, VerifierError};

/// The bytes are not a public key of P-256.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct InvalidKey;

impl fmt::Display for InvalidKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a public key of P-256")
    }
}

impl core::error::Error for InvalidKey {}

/// Takes packages whose last 64 bytes are an ECDSA signature of those before (FIPS 186-5): over the curve P-256 and
/// SHA-256, r and s with 32 bytes each, most significant byte first.
///
/// Who has the key decides what runs, but not where: a package for one product may leave another that trusts the same key
/// without a program that starts. [`for_product`](Self::for_product) binds signatures to one.
///
/// # Older packages
///
/// An older package is as well signed as a newer one, and whoever can put it in the place of what the server meant, or is that server,
/// can bring back a fault that was mended. Nothing here knows an order, and neither does embassy-boot: what follows
/// what is the server's policy, and reaches the device unchanged over `coaps` and `https`. What must not come back gets
/// a new name of the product, with a number in it: the first image that asks for the new name is signed under the old
/// one, all further ones under the new one, and from then on none under the old one is taken.
#[derive(Clone)]
pub struct EcdsaP256Trailer<'p> {
    key: VerifyingKey,
    product: Option<&'p CStr>,
    digest: Sha256,
    trailer: Trailer<64>,
}

impl<'p> EcdsaP256Trailer<'p> {
    /// Trusts this public key, encoded as SEC 1 section 2.3.3 says: 65 bytes that begin with 4, or 33 bytes that begin with
    /// 2 or 3.
    ///
    /// # Errors
    /// [`InvalidKey`]: it has another length, is not on the curve, or is the point at infinity.
    pub fn new(public_key: &[u8]) -> Result<Self, InvalidKey> {
        Ok(Self {
            key: VerifyingKey::from_sec1_bytes(public_key).map_err(|_| InvalidKey)?,
            product: None,
            digest: Sha256::new(),
            trailer: Trailer::new(0),
        })
    }

    /// Takes packages for this product only: what is signed is its name, the zero that ends it, and the content of the package,
    /// which has neither name nor zero in it. The signature of a package for another product is wrong.
    ///
    /// The name has any length, and is the same for all devices on which the same images run: the product, its chip, its
    /// memory map. A key that has signed packages without a name is not used with one, nor the other way round: a
    /// package that begins with a name and a zero could then be taken for one of the other kind.
    #[must_use]
    pub const fn for_product(mut self, name: &'p CStr) -> Self {
        self.product = Some(name);
        self
    }
}

impl Verifier for EcdsaP256Trailer<'_> {
    fn begin(&mut self, size: u32) {
        self.digest.reset();
        if let Some(name) = self.product {
            // No name with its zero is the beginning of another one: name and content cannot run into each other.
            self.digest.update(name.to_bytes_with_nul());
        }
        self.trailer = Trailer::new(size);
    }

    fn update(&mut self, part: &[u8]) {
        self.digest.update(self.trailer.split(part));
    }

    /// # Errors
    /// [`VerifierError::Damaged`]: no room for a signature. [`VerifierError::Untrusted`]: it is not one of the
    /// package by the key.
    fn finish(&mut self) -> Result<(), VerifierError> {
        let digest = self.digest.finalize_reset();
        let trailer = self.trailer.complete().ok_or(VerifierError::Damaged)?;
        let signature = Signature::from_slice(trailer).map_err(|_| VerifierError::Untrusted)?;
        let verified = self.key.verify_prehash(&digest, &signature);
        verified.map_err(|_| VerifierError::Untrusted)
    }
}

impl fmt::Debug for EcdsaP256Trailer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EcdsaP256Trailer")
            .field("product", &self.product)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6979, section A.2.5: public key, and signature of "sample" with SHA-256.
    const X: &str = "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6";
    const Y: &str = "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299";
    const R: &str = "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716";
    const S: &str = "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8";

    fn number(hex: &str) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (byte, digits) in bytes.iter_mut().zip(hex.as_bytes().chunks(2)) {
            let digits = core::str::from_utf8(digits).unwrap();
            *byte = u8::from_str_radix(digits, 16).unwrap();
        }
        bytes
    }

    fn key() -> [u8; 65] {
        let mut key = [4; 65];
        key[1..33].copy_from_slice(&number(X));
        key[33..].copy_from_slice(&number(Y));
        key
    }

    fn signature() -> [u8; 64] {
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&number(R));
        signature[32..].copy_from_slice(&number(S));
        signature
    }

    fn verify(message: &[u8], trailer: &[u8], part: usize) -> Result<(), VerifierError> {
        let mut verifier = EcdsaP256Trailer::new(&key()).unwrap();
        verify_by(&mut verifier, message, trailer, part)
    }

    fn verify_by(
        verifier: &mut EcdsaP256Trailer<'_>,
        message: &[u8],
        trailer: &[u8],
        part: usize,
    ) -> Result<(), VerifierError> {
        let mut package = heapless::Vec::<u8, 128>::new();
        package.extend_from_slice(message).unwrap();
        package.extend_from_slice(trailer).unwrap();
        verifier.begin(package.len() as u32);
        for part in package.chunks(part) {
            verifier.update(part);
        }
        verifier.finish()
    }

    #[test]
    fn the_published_signature_is_right_in_any_parts() {
        for part in [1, 3, 6, 7, 64, 65, 70] {
            assert_eq!(verify(b"sample", &signature(), part), Ok(()), "{part}");
        }
    }

    #[test]
    fn another_message_or_signature_is_not_trusted() {
        let untrusted = Err(VerifierError::Untrusted);
        assert_eq!(verify(b"samplf", &signature(), 7), untrusted);
        assert_eq!(verify(b"sample", &[0; 64], 7), untrusted);
        assert_eq!(verify(b"sample", &[0xFF; 64], 7), untrusted);
        for byte in 0..64 {
            let mut changed = signature();
            changed[byte] ^= 1;
            assert_eq!(verify(b"sample", &changed, 7), untrusted);
        }
        let mut swapped = signature();
        swapped.rotate_left(32);
        assert_eq!(verify(b"sample", &swapped, 7), untrusted);
    }

    #[test]
    fn a_package_without_room_for_a_signature_is_damaged() {
        let damaged = Err(VerifierError::Damaged);
        assert_eq!(verify(b"", &signature()[..63], 7), damaged);
        assert_eq!(verify(b"", b"", 7), damaged);
        let mut verifier = EcdsaP256Trailer::new(&key()).unwrap();
        assert_eq!(verifier.finish(), damaged);
    }

    #[test]
    fn a_key_must_be_on_the_curve() {
        let refused = |key: &[u8]| EcdsaP256Trailer::new(key).is_err();
        let mut off = key();
        off[64] ^= 1;
        assert!(refused(&off));
        assert!(refused(&key()[..64]));
        assert!(refused(&[]));
        // The point at infinity.
        assert!(refused(&[0]));
        // Compressed: y is odd.
        let mut compressed = [3; 33];
        compressed[1..].copy_from_slice(&number(X));
        assert!(!refused(&compressed));
    }

    /// A key and signatures by OpenSSL 3.0.19: of "an image" with each name and its zero before it, as the README of
    /// `examples/firmware/nrf91` says, and of the image alone.
    const OPENSSL_X: &str = "1FB2B5D7FE5C870D903472667B6461A42DC6A861213568EE8469A3CC46C40B92";
    const FOR_NRF9160: [&str; 2] = [
        "219160982E66F658C49411EB33995334BFCEBAF657BD00DFC10461AE10F9FBA3",
        "29C08442A7DE66CD6BC78C7B1BF34DF01402CA26E4A8048FD5FC680C85694E81",
    ];
    const FOR_NRF9151: [&str; 2] = [
        "97CC8D9BE15AEEE5431CF3AB4CFFBFAEA304337E22B1652D3397F6001AAD7A0E",
        "44CEC1191EB60AEF8C6F02E1E324DDDD7D749D412CDDC152983EC09DD2C99B15",
    ];
    const FOR_ANY: [&str; 2] = [
        "15F867C67993342EA36A215A3943AF3F1A9B54051F86C7F081A7721D8E6DAA2A",
        "D7AA8195623664FDCE9F5CF4EF4265FC83296FE2C4773D98E2DEA851A2EF1E01",
    ];

    #[test]
    fn a_package_for_another_product_is_not_trusted() {
        // y is even.
        let mut key = [2; 33];
        key[1..].copy_from_slice(&number(OPENSSL_X));
        let trailer = |[r, s]: [&str; 2]| [number(r), number(s)].concat();
        let mut any = EcdsaP256Trailer::new(&key).unwrap();
        let mut nrf9160 = any.clone().for_product(c"nRF9160");
        let mut nrf9151 = any.clone().for_product(c"nRF9151");
        let untrusted = Err(VerifierError::Untrusted);
        for (signature, [by_9160, by_9151, by_any]) in [
            (FOR_NRF9160, [Ok(()), untrusted, untrusted]),
            (FOR_NRF9151, [untrusted, Ok(()), untrusted]),
            (FOR_ANY, [untrusted, untrusted, Ok(())]),
        ] {
            let trailer = trailer(signature);
            // The second package is verified as the first one was: nothing is left of that.
            for part in [1, 8, 72] {
                let image = b"an image";
                assert_eq!(verify_by(&mut nrf9160, image, &trailer, part), by_9160);
                assert_eq!(verify_by(&mut nrf9151, image, &trailer, part), by_9151);
                assert_eq!(verify_by(&mut any, image, &trailer, part), by_any);
            }
        }
        // What is cut off the name does not go over into the package.
        let mut shorter = any.clone().for_product(c"nRF916");
        for image in [&b"0\0an image"[..], b"0an image"] {
            let verified = verify_by(&mut shorter, image, &trailer(FOR_NRF9160), 8);
            assert_eq!(verified, untrusted);
        }
    }
}
