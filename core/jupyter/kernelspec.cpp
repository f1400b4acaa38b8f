#include "core/jupyter/kernelspec.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QRegularExpression>
#include <QSet>
#include <QStandardPaths>

namespace farcell {

namespace {

constexpr qint64 maxSpecBytes = 1024LL * 1024;

QString textMember(const nlohmann::json &object, const char *key)
{
    const auto it = object.find(key);
    return it != object.end() && it->is_string() ? QString::fromStdString(it->get<std::string>())
                                                 : QString();
}

// Where `python3` on PATH lives: <prefix>/bin/python3. Links are not followed, as a virtual
// environment's python is one. Null if there is none.
QString pythonPrefix()
{
    const QString python = QStandardPaths::findExecutable(QStringLiteral("python3"));
    return python.isEmpty() ? QString() : QDir::cleanPath(QFileInfo(python).path() + u"/..");
}

QString userDataDirectory()
{
    QString chosen = qEnvironmentVariable("JUPYTER_DATA_DIR");
    if (!chosen.isEmpty()) {
        return chosen;
    }
    const QString xdg = qEnvironmentVariable("XDG_DATA_HOME");
    if (!xdg.isEmpty()) {
        return xdg + u"/jupyter";
    }
    const QString home = qEnvironmentVariable("HOME");
    return home.isEmpty() ? QString() : home + u"/.local/share/jupyter";
}

std::optional<KernelSpec> readSpec(const QString &directory, const QString &name)
{
    QFile file(directory + u"/kernel.json");
    if (!file.open(QIODevice::ReadOnly) || file.size() > maxSpecBytes) {
        return std::nullopt;
    }
    nlohmann::json json = nlohmann::json::parse(file.readAll().toStdString(), nullptr, false);
    if (!json.is_object() || !json.contains("argv") || !json["argv"].is_array()) {
        return std::nullopt;
    }
    KernelSpec spec;
    for (const nlohmann::json &argument : json["argv"]) {
        if (!argument.is_string()) {
            return std::nullopt;
        }
        spec.argv.append(QString::fromStdString(argument.get<std::string>()));
    }
    if (spec.argv.isEmpty()) {
        return std::nullopt;
    }
    spec.name = name.toLower();
    spec.directory = directory;
    spec.displayName = textMember(json, "display_name");
    spec.language = textMember(json, "language");
    if (textMember(json, "interrupt_mode") == QStringLiteral("message")) {
        spec.interruptMode = QStringLiteral("message");
    }
    if (json.contains("env") && json["env"].is_object()) {
        for (const auto &[key, value] : json["env"].items()) {
            if (value.is_string()) {
                spec.environment.insert(QString::fromStdString(key),
                                        QString::fromStdString(value.get<std::string>()));
            }
        }
    }
    spec.json = std::move(json);
    return spec;
}

bool isKernelName(const QString &name)
{
    static const QRegularExpression pattern(QStringLiteral("^[a-zA-Z0-9._\\-]+$"));
    return name != QStringLiteral(".") && name != QStringLiteral("..") &&
           pattern.match(name).hasMatch();
}

} // namespace

QMap<QString, QString> KernelSpec::resources() const
{
    QMap<QString, QString> found;
    const QStringList files = QDir(directory).entryList(QDir::Files);
    for (const QString &file : files) {
        if (file == QStringLiteral("kernel.js") || file == QStringLiteral("kernel.css")) {
            found.insert(file, file);
        } else if (file.startsWith(QStringLiteral("logo-"))) {
            found.insert(QFileInfo(file).completeBaseName(), file);
        }
    }
    return found;
}

QStringList kernelSpecPath()
{
    QStringList path;
    const auto add = [&path](const QString &data) {
        const QString kernels = QDir::cleanPath(data + u"/kernels");
        if (!data.isEmpty() && !path.contains(kernels)) {
            path.append(kernels);
        }
    };
    const QStringList chosen =
        qEnvironmentVariable("JUPYTER_PATH").split(QLatin1Char(':'), Qt::SkipEmptyParts);
    for (const QString &directory : chosen) {
        add(directory);
    }
    add(userDataDirectory());
    const QString prefix = pythonPrefix();
    add(prefix.isEmpty() ? QString() : prefix + u"/share/jupyter");
    add(QStringLiteral("/usr/local/share/jupyter"));
    add(QStringLiteral("/usr/share/jupyter"));
    return path;
}

std::vector<KernelSpec> findKernelSpecs()
{
    std::vector<KernelSpec> specs;
    QSet<QString> taken;
    const QStringList path = kernelSpecPath();
    for (const QString &directory : path) {
        const QStringList names =
            QDir(directory).entryList(QDir::Dirs | QDir::NoDotAndDotDot, QDir::Name);
        for (const QString &name : names) {
            if (!isKernelName(name) || taken.contains(name.toLower())) {
                continue;
            }
            if (auto spec = readSpec(directory + u'/' + name, name)) {
                taken.insert(spec->name);
                specs.push_back(*std::move(spec));
            }
        }
    }
    return specs;
}

Result<KernelSpec> findKernelSpec(const QString &name)
{
    const QString wanted = name.toLower();
    for (KernelSpec &spec : findKernelSpecs()) {
        if (spec.name == wanted) {
            return std::move(spec);
        }
    }
    return fail(
        ErrorCode::NotFound,
        QCoreApplication::translate("KernelSpec", "There is no kernel named “%1”").arg(name));
}

QString defaultKernelName(const std::vector<KernelSpec> &specs)
{
    QString python = QStringLiteral("python3");
    for (const KernelSpec &spec : specs) {
        if (spec.name == python) {
            return python;
        }
    }
    return specs.empty() ? python : specs.front().name;
}

} // namespace farcell
