#include "backend/kernels/kernelstart.h"

#include <QProcessEnvironment>
#include <QRegularExpression>

namespace farcell {

namespace {

// ${NAME} in a kernelspec's variables stands for the server's variable.
QString expanded(const QString &value, const QProcessEnvironment &environment)
{
    static const QRegularExpression variable(QStringLiteral("\\$\\{([A-Za-z_][A-Za-z0-9_]*)\\}"));
    QString result;
    qsizetype done = 0;
    auto matches = variable.globalMatch(value);
    while (matches.hasNext()) {
        const QRegularExpressionMatch match = matches.next();
        result += value.mid(done, match.capturedStart() - done);
        result += environment.value(match.captured(1));
        done = match.capturedEnd();
    }
    return result + value.mid(done);
}

// Socket files are faster and private, but not every kernel's library takes them.
bool canUseIpc(const KernelSpec &spec)
{
    const auto metadata = spec.json.find("metadata");
    if (metadata != spec.json.end() && metadata->is_object()) {
        const auto transport = metadata->find("farcell_transport");
        if (transport != metadata->end() && transport->is_string()) {
            return transport->get<std::string>() == "ipc";
        }
    }
    return spec.argv.contains(QStringLiteral("ipykernel_launcher")) ||
           spec.argv.contains(QStringLiteral("ipykernel"));
}

} // namespace

StartDescription describeStart(const KernelSpec &spec, const KernelStart &request,
                               const KernelId &id)
{
    StartDescription description;
    description.kernelId = id.toString().toStdString();
    description.kernelName = spec.name.toStdString();
    description.language = spec.language.toStdString();
    for (const QString &argument : spec.argv) {
        description.argv.push_back(argument.toStdString());
    }
    const QProcessEnvironment system = QProcessEnvironment::systemEnvironment();
    const QStringList names = system.keys();
    for (const QString &name : names) {
        description.environment[name.toStdString()] = system.value(name).toStdString();
    }
    for (auto it = spec.environment.cbegin(); it != spec.environment.cend(); ++it) {
        description.environment[it.key().toStdString()] =
            expanded(it.value(), system).toStdString();
    }
    for (auto it = request.environment.cbegin(); it != request.environment.cend(); ++it) {
        description.environment[it.key().toStdString()] = it.value().toStdString();
    }
    description.workingDirectory = request.workingDirectory.toStdString();
    description.resourceDirectory = spec.directory.toStdString();
    description.sessionName = request.sessionName.toStdString();
    description.interruptByMessage = spec.interruptMode == QStringLiteral("message");
    description.useIpc = canUseIpc(spec);
    return description;
}

bool isKernelId(const KernelId &id)
{
    static const QRegularExpression form(QStringLiteral("^[A-Za-z0-9][A-Za-z0-9-]{0,63}$"));
    return form.match(id.toString()).hasMatch();
}

} // namespace farcell
