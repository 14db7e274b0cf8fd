package interop.leshan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.eclipse.leshan.core.link.lwm2m.attributes.DefaultLwM2mAttributeParser;
import org.eclipse.leshan.core.link.lwm2m.attributes.LwM2mAttributeSet;
import org.eclipse.leshan.core.node.LwM2mNode;
import org.eclipse.leshan.core.node.LwM2mObjectInstance;
import org.eclipse.leshan.core.node.LwM2mPath;
import org.eclipse.leshan.core.node.LwM2mResource;
import org.eclipse.leshan.core.request.ContentFormat;
import org.eclipse.leshan.core.request.CreateRequest;
import org.eclipse.leshan.core.request.DeleteRequest;
import org.eclipse.leshan.core.request.DiscoverRequest;
import org.eclipse.leshan.core.request.ExecuteRequest;
import org.eclipse.leshan.core.request.ReadRequest;
import org.eclipse.leshan.core.request.WriteAttributesRequest;
import org.eclipse.leshan.core.request.WriteRequest;
import org.eclipse.leshan.core.request.WriteRequest.Mode;

/** The device management operations (Core 1.1.1, section 6.3), one command each. */
final class DeviceCommands {
    private final Device device;
    private final NodeReader nodes;

    DeviceCommands(Device device, NodeReader nodes) {
        this.device = device;
        this.nodes = nodes;
    }

    void addTo(Map<String, Command> commands) {
        commands.put("read", this::read);
        commands.put("discover", this::discover);
        commands.put("write", this::write);
        commands.put("write_attributes", this::writeAttributes);
        commands.put("execute", this::execute);
        commands.put("create", this::create);
        commands.put("delete", this::delete);
    }

    private void read(JsonNode command, ObjectNode answer) throws Exception {
        LwM2mPath path = path(command);
        ReadRequest request = new ReadRequest(Formats.read(command.path("format")), path.toString());
        Answers.describe(device.send(command, request), path, answer);
    }

    private void discover(JsonNode command, ObjectNode answer) throws Exception {
        DiscoverRequest request = new DiscoverRequest(path(command).toString());
        Answers.describe(device.send(command, request), answer);
    }

    private void write(JsonNode command, ObjectNode answer) throws Exception {
        LwM2mPath path = path(command);
        Mode mode = Mode.valueOf(command.path("mode").asText("replace").toUpperCase());
        WriteRequest request = new WriteRequest(mode, format(command), path, node(path, command));
        Answers.describe(device.send(command, request), answer);
    }

    /** What {@code nodes} says of {@code path}, at the level of {@code path}. */
    private LwM2mNode node(LwM2mPath path, JsonNode command) throws BadCommand {
        List<LwM2mResource> resources = nodes.resources(path.getObjectId(), command.path("nodes"));
        if (path.isObjectInstance()) {
            return new LwM2mObjectInstance(path.getObjectInstanceId(), resources);
        }
        if (resources.size() != 1 || resources.get(0).getId() != path.getResourceId()) {
            throw new BadCommand("nodes must be those of resource " + path);
        }
        LwM2mResource resource = resources.get(0);
        if (!path.isResourceInstance()) {
            return resource;
        }
        return resource.getInstance(path.getResourceInstanceId());
    }

    /** {@code attributes} in query form: {@code "pmin=1&pmax=10"}. */
    private void writeAttributes(JsonNode command, ObjectNode answer) throws Exception {
        LwM2mAttributeSet attributes = new LwM2mAttributeSet(
                new DefaultLwM2mAttributeParser().parseUriQuery(Command.text(command, "attributes")));
        WriteAttributesRequest request = new WriteAttributesRequest(path(command), attributes);
        Answers.describe(device.send(command, request), answer);
    }

    private void execute(JsonNode command, ObjectNode answer) throws Exception {
        ExecuteRequest request =
                new ExecuteRequest(path(command).toString(), command.path("args").asText(null));
        Answers.describe(device.send(command, request), answer);
    }

    /** {@code instance} is the id; without it the device chooses one. */
    private void create(JsonNode command, ObjectNode answer) throws Exception {
        LwM2mPath path = path(command);
        List<LwM2mResource> resources =
                new ArrayList<>(nodes.resources(path.getObjectId(), command.path("nodes")));
        CreateRequest request = command.has("instance")
                ? new CreateRequest(
                        format(command),
                        path.toString(),
                        new LwM2mObjectInstance(command.get("instance").asInt(), resources))
                : new CreateRequest(format(command), path.toString(), resources);
        Answers.describe(device.send(command, request), answer);
    }

    private void delete(JsonNode command, ObjectNode answer) throws Exception {
        Answers.describe(device.send(command, new DeleteRequest(path(command))), answer);
    }

    static LwM2mPath path(JsonNode command) throws BadCommand {
        return new LwM2mPath(Command.text(command, "path"));
    }

    /** A Write or Create always says its format; TLV is what Leshan itself would choose. */
    private static ContentFormat format(JsonNode command) throws BadCommand {
        ContentFormat format = Formats.read(command.path("format"));
        return format == null ? ContentFormat.TLV : format;
    }
}
