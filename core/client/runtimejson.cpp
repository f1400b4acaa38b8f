#include "core/client/runtimejson.h"

#include <algorithm>

namespace farcell {

namespace {

using nlohmann::json;

tl::unexpected<Error> notUnderstood(const QByteArray &body)
{
    return fail(ErrorCode::InvalidData, RuntimeClient::tr("The server's answer is not understood"),
                QString::fromUtf8(body.left(500)));
}

json parse(const QByteArray &body)
{
    return json::parse(body.begin(), body.end(), nullptr, false);
}

QDateTime timeAt(const json &object, const char *key)
{
    return QDateTime::fromString(textAt(object, key), Qt::ISODateWithMs).toUTC();
}

std::optional<RemoteKernel> readKernel(const json &model)
{
    RemoteKernel kernel;
    kernel.id = KernelId(textAt(model, "id"));
    if (kernel.id.isEmpty())
        return std::nullopt;
    kernel.name = textAt(model, "name");
    kernel.executionState = textAt(model, "execution_state");
    kernel.lastActivity = timeAt(model, "last_activity");
    const json &connections = memberOf(model, "connections");
    kernel.connections = connections.is_number_integer() ? connections.get<int>() : 0;
    return kernel;
}

std::optional<RemoteSession> readSession(const json &model)
{
    RemoteSession session;
    session.id = SessionId(textAt(model, "id"));
    if (session.id.isEmpty())
        return std::nullopt;
    session.path = textAt(model, "path");
    session.name = textAt(model, "name");
    session.type = textAt(model, "type");
    if (auto kernel = readKernel(memberOf(model, "kernel")))
        session.kernel = std::move(*kernel);
    return session;
}

std::optional<ContentsEntry> readEntry(const json &model)
{
    if (!memberOf(model, "name").is_string() || !memberOf(model, "path").is_string())
        return std::nullopt;
    ContentsEntry entry;
    entry.name = textAt(model, "name");
    entry.path = textAt(model, "path");
    const QString type = textAt(model, "type");
    if (type == QLatin1String("directory"))
        entry.type = ContentsEntry::Type::Directory;
    else if (type == QLatin1String("notebook"))
        entry.type = ContentsEntry::Type::Notebook;
    entry.lastModified = timeAt(model, "last_modified");
    const json &size = memberOf(model, "size");
    entry.size = size.is_number_integer() ? size.get<qint64>() : -1;
    const json &writable = memberOf(model, "writable");
    entry.writable = !writable.is_boolean() || writable.get<bool>();
    return entry;
}

template <typename T, typename Read>
Result<QList<T>> listFrom(const json &array, const QByteArray &body, Read read)
{
    if (!array.is_array())
        return notUnderstood(body);
    QList<T> list;
    for (const json &model : array) {
        if (auto value = read(model))
            list.append(std::move(*value));
    }
    return list;
}

template <typename T, typename Read>
Result<T> oneFrom(const QByteArray &body, Read read)
{
    if (auto value = read(parse(body)))
        return std::move(*value);
    return notUnderstood(body);
}

} // namespace

QByteArray toBytes(const json &json)
{
    return QByteArray::fromStdString(
        json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

Result<json> parseObject(const QByteArray &body)
{
    json object = parse(body);
    if (!object.is_object())
        return notUnderstood(body);
    return object;
}

Result<RemoteKernelSpecs> kernelSpecsFrom(const QByteArray &body)
{
    const json object = parse(body);
    const json &specs = memberOf(object, "kernelspecs");
    if (!specs.is_object())
        return notUnderstood(body);

    RemoteKernelSpecs result;
    for (const auto &[key, model] : specs.items()) {
        const json &spec = memberOf(model, "spec");
        RemoteKernelSpec entry{QString::fromStdString(key), textAt(spec, "display_name"),
                               textAt(spec, "language")};
        if (entry.displayName.isEmpty())
            entry.displayName = entry.name;
        result.specs.append(std::move(entry));
    }
    std::sort(result.specs.begin(), result.specs.end(),
              [](const RemoteKernelSpec &a, const RemoteKernelSpec &b) {
                  return a.displayName.localeAwareCompare(b.displayName) < 0;
              });
    result.defaultName = textAt(object, "default");
    const bool isKnown =
        std::any_of(result.specs.begin(), result.specs.end(),
                    [&](const RemoteKernelSpec &spec) { return spec.name == result.defaultName; });
    if (!isKnown && !result.specs.isEmpty())
        result.defaultName = result.specs.first().name;
    return result;
}

Result<RemoteKernel> kernelFrom(const QByteArray &body)
{
    return oneFrom<RemoteKernel>(body, readKernel);
}

Result<QList<RemoteKernel>> kernelsFrom(const QByteArray &body)
{
    return listFrom<RemoteKernel>(parse(body), body, readKernel);
}

Result<RemoteSession> sessionFrom(const QByteArray &body)
{
    return oneFrom<RemoteSession>(body, readSession);
}

Result<QList<RemoteSession>> sessionsFrom(const QByteArray &body)
{
    return listFrom<RemoteSession>(parse(body), body, readSession);
}

Result<ContentsEntry> contentsEntryFrom(const QByteArray &body)
{
    return oneFrom<ContentsEntry>(body, readEntry);
}

Result<QList<ContentsEntry>> directoryFrom(const QByteArray &body)
{
    const json object = parse(body);
    return listFrom<ContentsEntry>(memberOf(object, "content"), body, readEntry);
}

} // namespace farcell
