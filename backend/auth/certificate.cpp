#include "backend/auth/certificate.h"

#include "backend/auth/secret.h"

#include <QCoreApplication>
#include <QFile>
#include <QHostAddress>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>

#include <sys/stat.h>

namespace farcell::auth {

namespace {

constexpr qint64 maxPemBytes = 1024L * 1024;
constexpr long validSeconds = 10L * 365 * 24 * 3600;
constexpr long clockSkewSeconds = 24L * 3600; // of the clients

template <auto free>
struct Free
{
    template <typename T>
    void operator()(T *object) const
    {
        free(object);
    }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, Free<X509_free>>;
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;

QString tr(const char *text)
{
    return QCoreApplication::translate("farcell::auth", text);
}

Bio bioOf(const QByteArray &pem)
{
    return Bio(BIO_new_mem_buf(pem.constData(), int(pem.size())));
}

X509Ptr parseCertificate(const QByteArray &pem)
{
    const Bio bio = bioOf(pem);
    return X509Ptr(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

// Without asking for a passphrase on the terminal.
Key parseKey(const QByteArray &pem)
{
    const Bio bio = bioOf(pem);
    const auto refuse = [](char *, int, int, void *) { return -1; };
    return Key(PEM_read_bio_PrivateKey(bio.get(), nullptr, refuse, nullptr));
}

QByteArray takeText(const Bio &bio)
{
    char *data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return {data, qsizetype(size)};
}

QByteArray alternativeNames(const QStringList &names)
{
    QByteArray list;
    for (const QString &name : names) {
        const bool isAddress = !QHostAddress(name).isNull();
        list +=
            (list.isEmpty() ? "" : ",") + QByteArray(isAddress ? "IP:" : "DNS:") + name.toLatin1();
    }
    return list;
}

bool addExtension(X509 *certificate, int nid, const QByteArray &value)
{
    X509_EXTENSION *const extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.constData());
    if (extension == nullptr)
        return false;
    const bool isAdded = X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return isAdded;
}

bool fill(X509 *certificate, EVP_PKEY *key, const QStringList &names)
{
    std::array<unsigned char, 16> serial{};
    if (RAND_bytes(serial.data(), int(serial.size())) != 1)
        return false;
    serial[0] &= 0x7f; // a positive number
    BIGNUM *const number = BN_bin2bn(serial.data(), int(serial.size()), nullptr);
    BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
    BN_free(number);
    X509_set_version(certificate, X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -clockSkewSeconds);
    X509_gmtime_adj(X509_getm_notAfter(certificate), validSeconds);
    X509_set_pubkey(certificate, key);
    X509_NAME *const name = X509_get_subject_name(certificate);
    const auto *common = reinterpret_cast<const unsigned char *>("farcelld");
    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common, -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, name) == 1 &&
           addExtension(certificate, NID_subject_alt_name, alternativeNames(names)) &&
           addExtension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
           addExtension(certificate, NID_ext_key_usage, "serverAuth") &&
           X509_sign(certificate, key, EVP_sha256()) > 0;
}

Result<Certificate> makeCertificate(const QStringList &names)
{
    const Key key(EVP_EC_gen("P-256"));
    const X509Ptr certificate(X509_new());
    const Bio certificateText(BIO_new(BIO_s_mem()));
    const Bio keyText(BIO_new(BIO_s_mem()));
    if (!key || !certificate || !fill(certificate.get(), key.get(), names) ||
        PEM_write_bio_X509(certificateText.get(), certificate.get()) != 1 ||
        PEM_write_bio_PrivateKey(keyText.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
            1)
        return fail(ErrorCode::Internal, tr("A TLS certificate cannot be made"));
    return Certificate{takeText(certificateText), takeText(keyText)};
}

Result<QByteArray> readFile(const QString &path)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return fail(file.exists() ? ErrorCode::Denied : ErrorCode::NotFound,
                    tr("Cannot read %1").arg(path), file.errorString());
    return file.read(maxPemBytes);
}

} // namespace

QString Certificate::fingerprint() const
{
    const X509Ptr parsed = parseCertificate(certificate);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (!parsed || X509_digest(parsed.get(), EVP_sha256(), digest.data(), &size) != 1)
        return {};
    const QByteArray raw(reinterpret_cast<const char *>(digest.data()), qsizetype(size));
    return QString::fromLatin1(raw.toHex(':').toUpper());
}

Result<Certificate> readCertificate(const QString &certificateFile, const QString &keyFile)
{
    auto certificate = readFile(certificateFile);
    if (!certificate)
        return tl::unexpected(certificate.error());
    auto key = readFile(keyFile);
    if (!key)
        return tl::unexpected(key.error());
    struct stat status = {};
    if (::stat(QFile::encodeName(keyFile).constData(), &status) == 0 &&
        (status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return fail(ErrorCode::Denied,
                    tr("Others may read the key %1: make it private with chmod 600").arg(keyFile));
    const X509Ptr parsed = parseCertificate(*certificate);
    const Key parsedKey = parseKey(*key);
    if (!parsed)
        return fail(ErrorCode::InvalidData,
                    tr("%1 is not a certificate in PEM form").arg(certificateFile));
    if (!parsedKey)
        return fail(ErrorCode::InvalidData,
                    tr("%1 is not a private key in PEM form without a passphrase").arg(keyFile));
    if (X509_check_private_key(parsed.get(), parsedKey.get()) != 1)
        return fail(
            ErrorCode::InvalidData,
            tr("The key %1 does not belong to the certificate %2").arg(keyFile, certificateFile));
    return Certificate{*std::move(certificate), *std::move(key)};
}

Result<Certificate> readOrCreateCertificate(const QString &folder, const QStringList &names)
{
    const QString certificateFile = folder + QStringLiteral("/tls.crt");
    const QString keyFile = folder + QStringLiteral("/tls.key");
    if (!QFile::exists(certificateFile)) {
        auto made = makeCertificate(names);
        if (!made)
            return made;
        QFile::remove(keyFile); // of a start that did not get further
        if (const auto written = writeNewSecret(keyFile, made->key); !written)
            return tl::unexpected(written.error());
        if (const auto written = writeNewSecret(certificateFile, made->certificate); !written)
            return tl::unexpected(written.error());
    }
    return readCertificate(certificateFile, keyFile);
}

} // namespace farcell::auth
