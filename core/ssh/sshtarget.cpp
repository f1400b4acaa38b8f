#include "core/ssh/sshtarget.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QFileInfo>

#include <algorithm>

namespace farcell {

namespace {

constexpr int maxDepth = 16; // of includes, as in OpenSSH
constexpr qint64 maxConfigBytes = 4 << 20;

QString tr(const char *text)
{
    return QCoreApplication::translate("SshTarget", text);
}

// Names reach the command line of ssh and of what its configuration runs: nothing that is special
// to a shell, and no option in disguise.
bool isPlain(const QString &name, QStringView more)
{
    return !name.startsWith(u'-') && std::all_of(name.begin(), name.end(), [&](QChar c) {
        return c.isLetterOrNumber() || more.contains(c);
    });
}

// The words of one line; double quotes keep spaces together, "=" may stand after the keyword.
QStringList wordsOf(const QString &line)
{
    QStringList words;
    QString word;
    bool quoted = false;
    bool started = false;
    const auto end = [&] {
        if (started)
            words << word;
        word.clear();
        started = false;
    };
    for (const QChar c : line) {
        if (c == u'"') {
            quoted = !quoted;
            started = true;
        } else if (!quoted && c == u'#' && !started) {
            break;
        } else if (!quoted && (c.isSpace() || (c == u'=' && words.isEmpty()))) {
            end();
        } else if (!quoted && c == u'=' && words.size() == 1 && !started) {
            continue;
        } else {
            word += c;
            started = true;
        }
    }
    end();
    return words;
}

QStringList includedFiles(QString pattern, const QDir &folder)
{
    if (pattern.startsWith(QLatin1String("~/")))
        pattern = QDir::homePath() + pattern.mid(1);
    const QFileInfo info(QDir::isAbsolutePath(pattern) ? pattern : folder.filePath(pattern));
    const QDir place = info.dir();
    QStringList files;
    for (const QString &name : place.entryList({info.fileName()}, QDir::Files, QDir::Name))
        files << place.filePath(name);
    return files;
}

void collect(const QString &path, const QDir &folder, int depth, QStringList &hosts)
{
    QFile file(path);
    if (depth > maxDepth || !file.open(QIODevice::ReadOnly))
        return;
    const QStringList lines =
        QString::fromUtf8(file.read(maxConfigBytes)).split(u'\n', Qt::SkipEmptyParts);
    for (const QString &line : lines) {
        const QStringList words = wordsOf(line);
        if (words.size() < 2)
            continue;
        if (words.first().compare(QLatin1String("include"), Qt::CaseInsensitive) == 0) {
            for (const QString &pattern : words.mid(1)) {
                for (const QString &included : includedFiles(pattern, folder))
                    collect(included, folder, depth + 1, hosts);
            }
        } else if (words.first().compare(QLatin1String("host"), Qt::CaseInsensitive) == 0) {
            for (const QString &name : words.mid(1)) {
                if (SshTarget::parse(name) && !hosts.contains(name))
                    hosts << name;
            }
        }
    }
}

} // namespace

Result<SshTarget> SshTarget::parse(const QString &text)
{
    QString rest = text.trimmed();
    if (rest.startsWith(QLatin1String("ssh://"))) {
        rest.remove(0, 6);
        if (rest.endsWith(u'/'))
            rest.chop(1);
    } else if (rest.startsWith(QLatin1String("ssh "))) {
        rest = rest.mid(4).trimmed();
    }
    if (rest.isEmpty())
        return fail(ErrorCode::InvalidData, tr("Enter a host, for example me@gpu-server"));
    SshTarget target;
    const qsizetype at = rest.lastIndexOf(u'@');
    if (at >= 0) {
        target.user = rest.left(at);
        rest = rest.mid(at + 1);
    }
    QString port;
    bool hasPort = false;
    if (rest.startsWith(u'[')) {
        const qsizetype close = rest.indexOf(u']');
        const QString after = rest.mid(close + 1);
        hasPort = after.startsWith(u':');
        if (close < 0 || (!after.isEmpty() && !hasPort))
            return fail(ErrorCode::InvalidData, tr("“%1” is not a host").arg(text.trimmed()));
        port = after.mid(1);
        rest = rest.mid(1, close - 1);
    } else if (rest.count(u':') == 1) {
        hasPort = true;
        port = rest.section(u':', 1);
        rest = rest.section(u':', 0, 0);
    }
    target.host = rest;
    bool isNumber = true;
    target.port = hasPort ? port.toInt(&isNumber) : 0;
    if (hasPort && (!isNumber || target.port < 1 || target.port > 65535))
        return fail(ErrorCode::InvalidData, tr("“%1” is not a port number").arg(port));
    if (target.host.isEmpty() || !isPlain(target.host, u".-_:%"))
        return fail(ErrorCode::InvalidData, tr("“%1” is not a host").arg(text.trimmed()));
    if (at >= 0 && (target.user.isEmpty() || !isPlain(target.user, u".-_@+\\")))
        return fail(ErrorCode::InvalidData, tr("“%1” is not a user name").arg(target.user));
    return target;
}

QString SshTarget::text() const
{
    const bool isV6 = host.contains(u':');
    QString text = user.isEmpty() ? QString() : QString(user + u'@');
    text += isV6 ? QString(u'[' + host + u']') : host;
    return port > 0 ? QString(text + u':' + QString::number(port)) : text;
}

QStringList SshTarget::arguments() const
{
    QStringList words;
    if (port > 0)
        words << QStringLiteral("-p") << QString::number(port);
    if (!user.isEmpty())
        words << QStringLiteral("-l") << user;
    return words << QStringLiteral("--") << host;
}

QStringList sshConfigHosts(const QString &file)
{
    QStringList hosts;
    // Relative includes start at ~/.ssh, which is where the person's own file is.
    collect(file, QFileInfo(file).dir(), 0, hosts);
    return hosts;
}

QString userSshConfig()
{
    return QDir::homePath() + QStringLiteral("/.ssh/config");
}

} // namespace farcell
