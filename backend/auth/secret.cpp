#include "backend/auth/secret.h"

#include <QCoreApplication>
#include <QCryptographicHash>
#include <QFile>
#include <QRandomGenerator>

#include <openssl/crypto.h>

#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace farcell::auth {

namespace {

constexpr int tokenBytes = 24;
constexpr qsizetype shortestToken = 16; // characters
constexpr qint64 maxSecretBytes = 64L * 1024;

QString tr(const char *text)
{
    return QCoreApplication::translate("farcell::auth", text);
}

} // namespace

bool equalSecrets(QByteArrayView a, QByteArrayView b)
{
    // Hashes have one length, so that neither length nor common beginning shows in the time.
    QCryptographicHash hash(QCryptographicHash::Sha256);
    hash.addData(a);
    const QByteArray first = hash.result();
    hash.reset();
    hash.addData(b);
    const QByteArray second = hash.result();
    return CRYPTO_memcmp(first.constData(), second.constData(), size_t(first.size())) == 0;
}

QByteArray randomHex(int bytes)
{
    QByteArray raw;
    while (raw.size() < bytes) {
        const quint32 word = QRandomGenerator::system()->generate();
        std::array<char, sizeof word> part{};
        std::memcpy(part.data(), &word, sizeof word);
        raw.append(part.data(), qsizetype(part.size()));
    }
    raw.truncate(bytes);
    return raw.toHex();
}

Result<> writeNewSecret(const QString &file, const QByteArray &secret)
{
    const int fd = ::open(QFile::encodeName(file).constData(),
                          O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    if (fd < 0)
        return fail(ErrorCode::Denied, tr("Cannot create the file %1").arg(file),
                    QString::fromLocal8Bit(std::strerror(errno)));
    const QByteArray line = secret + '\n';
    const bool written = ::write(fd, line.constData(), size_t(line.size())) == line.size();
    ::close(fd);
    if (!written) {
        QFile::remove(file); // an empty one would stop every later start
        return fail(ErrorCode::Internal, tr("Cannot write the file %1").arg(file));
    }
    return {};
}

Result<QByteArray> readSecret(const QString &file)
{
    QFile in(file);
    if (!in.open(QIODevice::ReadOnly))
        return fail(in.exists() ? ErrorCode::Denied : ErrorCode::NotFound,
                    tr("Cannot read the token file %1").arg(file), in.errorString());
    QByteArray secret = in.read(maxSecretBytes).trimmed();
    if (secret.isEmpty())
        return fail(ErrorCode::InvalidData, tr("The token file %1 is empty").arg(file));
    if (in.bytesAvailable() > 0)
        return fail(ErrorCode::InvalidData, tr("The token file %1 is too large").arg(file));
    return secret;
}

Result<QByteArray> readOrCreateSecret(const QString &file)
{
    if (!QFile::exists(file)) {
        if (const auto made = writeNewSecret(file, randomHex(tokenBytes)); !made)
            return tl::unexpected(made.error());
    }
    return readSecret(file);
}

QString secretWarning(const QString &file, const QByteArray &secret)
{
    struct stat status = {};
    if (::stat(QFile::encodeName(file).constData(), &status) == 0 &&
        (status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return tr("Others on this computer may read the token file %1: make it private with "
                  "chmod 600")
            .arg(file);
    if (secret.size() < shortestToken)
        return tr("The token in %1 is short enough to be guessed").arg(file);
    return {};
}

} // namespace farcell::auth
