#include "core/ssh/sshfailure.h"

#include <QCoreApplication>
#include <QRegularExpression>
#include <QVersionNumber>

namespace farcell {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("SshFailure", text);
}

QString lastLine(const QString &text)
{
    QString line = text.trimmed().section(u'\n', -1).trimmed().left(300);
    while (line.endsWith(u'.'))
        line.chop(1);
    return line;
}

// What the person may do about a refused log-in.
Error denied(const SshTarget &target, const QString &text)
{
    static const QRegularExpression methods(QStringLiteral("Permission denied \\(([^)]*)\\)"));
    const QString accepted = methods.match(text).captured(1);
    if (text.contains(QLatin1String("UNPROTECTED PRIVATE KEY FILE")))
        return {ErrorCode::Denied,
                tr("ssh does not use your key because others can read its file: “chmod 600” it and "
                   "try again"),
                text};
    if (accepted.isEmpty())
        return {ErrorCode::Denied, tr("%1 did not let you in").arg(target.text()), text};
    return {ErrorCode::Denied,
            tr("%1 did not let you in: no key or password that was offered is right (it accepts: "
               "%2)")
                .arg(target.text(), accepted),
            text};
}

} // namespace

Error sshError(const SshTarget &target, const QString &text)
{
    const QString host = target.text();
    const auto has = [&](const char *part) { return text.contains(QLatin1String(part)); };
    if (has("REMOTE HOST IDENTIFICATION HAS CHANGED") ||
        has("and you have requested strict checking"))
        return {ErrorCode::Denied,
                tr("Danger: the key of %1 is not the one known so far, so somebody may be "
                   "pretending to be this host; nothing was sent. If you know that the host was "
                   "set up anew, remove the old key with “ssh-keygen -R %2” and connect again")
                    .arg(host, target.host),
                text};
    if (has("No ") && has("host key is known for"))
        return {ErrorCode::Denied,
                tr("The key of %1 is not known, and your configuration of ssh forbids new ones")
                    .arg(host),
                text};
    if (has("Host key verification failed"))
        return {ErrorCode::Cancelled, tr("The key of %1 was not accepted").arg(host), text};
    if (has("Could not resolve hostname"))
        return {ErrorCode::Unavailable,
                tr("The host “%1” cannot be found; check the name and your connection")
                    .arg(target.host),
                text};
    if (has("Permission denied") || has("Too many authentication failures") ||
        has("No supported authentication methods"))
        return denied(target, text);
    if (has("Connection refused"))
        return {ErrorCode::Unavailable,
                tr("%1 refused the connection; is its SSH server running on this port?").arg(host),
                text};
    if (has("timed out") || has("Timeout, server"))
        return {ErrorCode::Timeout, tr("%1 did not answer in time; is it switched on?").arg(host),
                text};
    if (has("No route to host") || has("Network is unreachable"))
        return {ErrorCode::Unavailable, tr("There is no way to %1 from here").arg(host), text};
    if (has("Unable to negotiate") || has("no matching"))
        return {ErrorCode::Denied,
                tr("%1 and this computer have no common way to talk: %2").arg(host, lastLine(text)),
                text};
    if (has("Bad configuration option") || has("bad configuration") ||
        has("Bad owner or permissions"))
        return {ErrorCode::InvalidData,
                tr("Your configuration of ssh has an error: %1")
                    .arg(lastLine(text.section(QLatin1String("terminating,"), 0, 0))),
                text};
    if (has("ssh: not found"))
        return {ErrorCode::NotFound,
                tr("There is no ssh on this computer; install the OpenSSH client"), text};
    if (has("kex_exchange_identification") || has("Connection closed by") ||
        has("Connection reset by") || has("closed by remote host") || has("Broken pipe"))
        return {ErrorCode::Unavailable, tr("%1 closed the connection").arg(host), text};
    const QString last = lastLine(text);
    return {ErrorCode::Unavailable,
            last.isEmpty() ? tr("The connection to %1 has ended").arg(host)
                           : tr("ssh could not connect to %1: %2").arg(host, last),
            text};
}

namespace {

// A farcelld that was copied and did not run.
Error doesNotRun(const QString &host, const QString &detail)
{
    static const QRegularExpression version(QStringLiteral("`?(GLIBC(?:XX)?_[0-9.]+)'? not found"));
    static const QRegularExpression library(
        QStringLiteral("error while loading shared libraries: ([^:]+):"));
    if (const auto match = version.match(detail); match.hasMatch())
        return {ErrorCode::Unavailable,
                tr("The system of %1 is too old for this app's server: it lacks %2")
                    .arg(host, match.captured(1)),
                detail};
    if (const auto match = library.match(detail); match.hasMatch())
        return {ErrorCode::NotFound,
                tr("The server cannot run on %1: the library %2 is missing")
                    .arg(host, match.captured(1)),
                detail};
    if (detail.contains(QLatin1String("Permission denied")))
        return {ErrorCode::Denied,
                tr("%1 does not let programs run from your home folder").arg(host), detail};
    return {ErrorCode::Unavailable,
            tr("The server does not run on %1: %2").arg(host, lastLine(detail)), detail};
}

} // namespace

Error remoteError(const SshTarget &target, const QString &code, const QString &detail)
{
    const QString host = target.text();
    const auto is = [&](const char *name) { return code == QLatin1String(name); };
    const bool isFull = detail.contains(QLatin1String("No space left")) ||
                        detail.contains(QLatin1String("quota exceeded"));
    if (isFull)
        return {ErrorCode::TooLarge,
                tr("The disk that holds your home folder on %1 is full").arg(host), detail};
    if (is("no-home"))
        return {ErrorCode::NotFound, tr("You have no home folder on %1").arg(host), detail};
    if (is("no-folder"))
        return {ErrorCode::Denied,
                tr("The folder %1 on %2 cannot be made or written").arg(detail, host), detail};
    if (is("does-not-run"))
        return doesNotRun(host, detail);
    if (is("write") || is("unpack"))
        return {ErrorCode::Internal,
                tr("The server could not be unpacked on %1: %2").arg(host, lastLine(detail)),
                detail};
    if (is("damaged"))
        return {ErrorCode::InvalidData,
                tr("What arrived on %1 is not what was sent; try again").arg(host), detail};
    if (is("ended"))
        return {ErrorCode::Unavailable,
                tr("The server on %1 ended at once: %2").arg(host, lastLine(detail)), detail};
    if (is("slow"))
        return {ErrorCode::Timeout, tr("The server on %1 did not start in time").arg(host), detail};
    if (is("busy"))
        return {ErrorCode::Timeout,
                tr("Another connection is starting or ending the server on %1; try again in a "
                   "minute")
                    .arg(host),
                detail};
    return {ErrorCode::Internal, tr("%1 could not be prepared: %2").arg(host, code), detail};
}

Result<> checkGlibc(const SshTarget &target, const QString &theirs, const QString &needed)
{
    // musl says nothing here, or something else.
    if (!theirs.startsWith(QLatin1String("glibc ")))
        return fail(ErrorCode::Unavailable,
                    tr("%1 has another C library than glibc, and the server of this app needs "
                       "glibc %2")
                        .arg(target.text(), needed),
                    theirs);
    const auto have = QVersionNumber::fromString(theirs.mid(6));
    if (have < QVersionNumber::fromString(needed))
        return fail(ErrorCode::Unavailable,
                    tr("The system of %1 is too old for this app's server: it has glibc %2, and "
                       "%3 is needed")
                        .arg(target.text(), have.toString(), needed),
                    theirs);
    return {};
}

} // namespace farcell
