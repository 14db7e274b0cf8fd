package interop.leshan;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.eclipse.leshan.core.link.DefaultLinkParser;
import org.eclipse.leshan.core.link.LinkParseException;
import org.eclipse.leshan.core.model.LwM2mModel;
import org.eclipse.leshan.core.model.ResourceModel;
import org.eclipse.leshan.core.model.ResourceModel.Type;
import org.eclipse.leshan.core.node.LwM2mMultipleResource;
import org.eclipse.leshan.core.node.LwM2mResource;
import org.eclipse.leshan.core.node.LwM2mResourceInstance;
import org.eclipse.leshan.core.node.LwM2mSingleResource;
import org.eclipse.leshan.core.node.ObjectLink;
import org.eclipse.leshan.core.util.Hex;
import org.eclipse.leshan.core.util.datatype.ULong;

/**
 * Builds resources from {@code [{"resource":6,"index":0,"type":"INTEGER","value":1}, …]}.
 *
 * <p>{@code index} makes the resource a multiple one; {@code type} defaults to the model's.
 */
final class NodeReader {
    private final LwM2mModel model;

    NodeReader(LwM2mModel model) {
        this.model = model;
    }

    List<LwM2mResource> resources(int object, JsonNode nodes) throws BadCommand {
        Map<Integer, LwM2mResource> singles = new TreeMap<>();
        Map<Integer, List<LwM2mResourceInstance>> multiples = new TreeMap<>();
        for (JsonNode node : nodes) {
            if (!node.path("resource").isInt() || !node.has("value")) {
                throw new BadCommand("a node needs resource and value: " + node);
            }
            int id = node.get("resource").asInt();
            Type type = type(object, id, node);
            Object value = value(type, node.get("value"));
            if (node.has("index")) {
                multiples
                        .computeIfAbsent(id, key -> new ArrayList<>())
                        .add(LwM2mResourceInstance.newInstance(node.get("index").asInt(), value, type));
            } else {
                singles.put(id, LwM2mSingleResource.newResource(id, value, type));
            }
        }
        List<LwM2mResource> resources = new ArrayList<>(singles.values());
        multiples.forEach((id, instances) ->
                resources.add(new LwM2mMultipleResource(id, instances.get(0).getType(), instances)));
        return resources;
    }

    private Type type(int object, int resource, JsonNode node) throws BadCommand {
        if (node.has("type")) {
            return Type.valueOf(node.get("type").asText());
        }
        ResourceModel definition = model.getResourceModel(object, resource);
        if (definition == null) {
            throw new BadCommand("no model of /" + object + "/x/" + resource + ": give a type");
        }
        return definition.type;
    }

    /** The inverse of what {@link NodeWriter} prints. */
    private static Object value(Type type, JsonNode value) throws BadCommand {
        return switch (type) {
            case STRING -> value.asText();
            case INTEGER -> value.asLong();
            case FLOAT -> value.asDouble();
            case BOOLEAN -> value.asBoolean();
            case OPAQUE -> Hex.decodeHex(value.asText().toCharArray());
            case TIME -> new Date(value.asLong() * 1000);
            case OBJLNK -> ObjectLink.decodeFromString(value.asText());
            case UNSIGNED_INTEGER -> ULong.valueOf(value.asText());
            case CORELINK -> {
                try {
                    yield new DefaultLinkParser().parseCoreLinkFormat(value.asText().getBytes());
                } catch (LinkParseException e) {
                    throw new BadCommand(e.getMessage());
                }
            }
            case NONE -> throw new BadCommand("an executable resource has no value");
        };
    }
}
